/**
 * The configuration of a cluster as a value: its members, bytes and text; and the stack of configurations in the log.
 *
 * ```text
 * bytes, little-endian:  version u8 | autoLeave u8 | 4 lists: count u32 | id u64 ... | [version 2: length u32 | context]
 *                        voters, votersOutgoing, learners, learnersNext
 *                        version 1 without a context, 2 with one
 * ```
 *
 * @module
 */
import { checkArray, checkBytes } from "./arguments.ts";
import { type Configuration, type LogIndex, type NodeId, nodeId } from "./types.ts";

/** How many members a configuration may have: 1,000. Every commit counts each of them; 3 to 9 are usual. */
export const MAX_MEMBERS = 1000;

/** How many bytes a host may keep with a configuration: 256 KiB, or 262 bytes for each of 1,000 members. */
export const MAX_CONTEXT_BYTES: number = 256 * 1024;

/**
 * Makes a configuration that is not joint.
 *
 * @param voters The voters, in any order.
 * @param learners The learners, in any order.
 * @returns The configuration, sorted.
 * @throws {TypeError} If a list is not an array, or a member is not a number.
 * @throws {RangeError} If a member's number is out of range.
 */
export function configurationOf(voters: readonly NodeId[], learners: readonly NodeId[] = []): Configuration {
  checkArray(voters, "voters");
  checkArray(learners, "learners");
  voters.forEach(nodeId);
  learners.forEach(nodeId);
  return {
    voters: sortedIds(voters),
    votersOutgoing: [],
    learners: sortedIds(learners),
    learnersNext: [],
    autoLeave: false,
  };
}

/** The ids in ascending order, without duplicates. */
export function sortedIds(ids: Iterable<NodeId>): NodeId[] {
  return [...new Set(ids)].sort((a, b) => a - b);
}

/** Whether a decision needs two majorities. */
export function isJoint(configuration: Configuration): boolean {
  return configuration.votersOutgoing.length > 0;
}

/** Whether the node is in the list of the new or of the old voters. */
export function isVoter(configuration: Configuration, id: NodeId): boolean {
  return configuration.voters.includes(id) || configuration.votersOutgoing.includes(id);
}

/** Whether the node is a voter, new or old, or a learner. */
export function isMember(configuration: Configuration, id: NodeId): boolean {
  return isVoter(configuration, id) || configuration.learners.includes(id);
}

/** Every member, voters and learners, in order. */
export function membersOf(configuration: Configuration): NodeId[] {
  return sortedIds([...configuration.voters, ...configuration.votersOutgoing, ...configuration.learners]);
}

/** A configuration as text: `voters=(1 2)&&(1 2 3) learners=(4) learners_next=(3) autoleave`. */
export function describeConfiguration(configuration: Configuration): string {
  const list = (ids: readonly NodeId[]): string => `(${ids.join(" ")})`;
  const { voters, votersOutgoing, learners, learnersNext, autoLeave, context } = configuration;
  return `voters=${list(voters)}` + (votersOutgoing.length > 0 ? `&&${list(votersOutgoing)}` : "") +
    (learners.length > 0 ? ` learners=${list(learners)}` : "") +
    (learnersNext.length > 0 ? ` learners_next=${list(learnersNext)}` : "") + (autoLeave ? " autoleave" : "") +
    (context === undefined ? "" : ` context=${context.length}B`);
}

const PLAIN_VERSION = 1;
const CONTEXT_VERSION = 2;
const LISTS = ["voters", "votersOutgoing", "learners", "learnersNext"] as const;

/** A configuration's bytes, for the data of its entry and for a snapshot. */
export function encodeConfiguration(configuration: Configuration): Uint8Array {
  const lists = LISTS.map((name) => configuration[name]);
  const { context } = configuration;
  const ends = context === undefined ? 2 : 6 + context.length;
  const bytes = new Uint8Array(lists.reduce((sum, list) => sum + 4 + 8 * list.length, ends));
  const view = new DataView(bytes.buffer);
  bytes[0] = context === undefined ? PLAIN_VERSION : CONTEXT_VERSION;
  bytes[1] = configuration.autoLeave ? 1 : 0;
  let offset = 2;
  for (const list of lists) {
    view.setUint32(offset, list.length, true);
    offset += 4;
    for (const id of list) {
      view.setUint32(offset, id >>> 0, true);
      view.setUint32(offset + 4, Math.floor(id / 4294967296), true);
      offset += 8;
    }
  }
  if (context !== undefined) {
    view.setUint32(offset, context.length, true);
    bytes.set(context, offset + 4);
  }
  return bytes;
}

/**
 * The configuration in `bytes`.
 *
 * @param bytes Exactly one configuration.
 * @returns The configuration.
 * @throws {TypeError} If `bytes` is not a `Uint8Array`.
 * @throws {SyntaxError} If the bytes are not a configuration, a list is not sorted, or a node is in lists that exclude
 * each other.
 */
export function decodeConfiguration(bytes: Uint8Array): Configuration {
  checkBytes(bytes, "a Configuration's bytes");
  const refuse = (what: string): never => {
    throw new SyntaxError(`Cannot decode a Configuration: ${what}`);
  };
  if (bytes.length < 2) refuse(`2 bytes are needed at offset 0, but ${bytes.length} are left`);
  if (bytes[0] !== PLAIN_VERSION && bytes[0] !== CONTEXT_VERSION) {
    refuse(`the version is ${PLAIN_VERSION} or ${CONTEXT_VERSION}, but ${bytes[0]} was found at offset 0`);
  }
  if (bytes[1]! > 1) refuse(`autoLeave is 0 or 1, but ${bytes[1]} was found at offset 1`);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  let offset = 2;
  const [voters, votersOutgoing, learners, learnersNext] = LISTS.map((name) => {
    if (bytes.length - offset < 4) {
      refuse(`the length of ${name} needs 4 bytes, but ${bytes.length - offset} are left at offset ${offset}`);
    }
    const count = view.getUint32(offset, true);
    offset += 4;
    if (count > MAX_MEMBERS) refuse(`${name} has ${count} members, but at most ${MAX_MEMBERS} are allowed`);
    if ((bytes.length - offset) / 8 < count) {
      refuse(`${name} needs ${8 * count} bytes, but ${bytes.length - offset} are left at offset ${offset}`);
    }
    const ids: NodeId[] = [];
    for (let i = 0; i < count; i++, offset += 8) {
      const low = view.getUint32(offset, true), high = view.getUint32(offset + 4, true);
      const id = high === 0 ? low : low + high * 4294967296;
      if (!Number.isSafeInteger(id) || id <= (ids.at(-1) ?? 0)) {
        refuse(`${name} must rise from 1 up, but ${id} was found at offset ${offset}`);
      }
      ids.push(id as NodeId);
    }
    return ids;
  }) as [NodeId[], NodeId[], NodeId[], NodeId[]];
  let context: Uint8Array | null = null;
  if (bytes[0] === CONTEXT_VERSION) {
    if (bytes.length - offset < 4) {
      refuse(`the length of context needs 4 bytes, but ${bytes.length - offset} are left at offset ${offset}`);
    }
    const length = view.getUint32(offset, true);
    if (length > MAX_CONTEXT_BYTES) {
      refuse(`its context has ${length} bytes, but at most ${MAX_CONTEXT_BYTES} are allowed`);
    }
    if (bytes.length - offset - 4 < length) {
      refuse(`the context needs ${length} bytes, but ${bytes.length - offset - 4} are left at offset ${offset + 4}`);
    }
    context = bytes.slice(offset + 4, offset + 4 + length);
    offset += 4 + length;
  }
  if (offset !== bytes.length) refuse(`it ends at offset ${offset}, but ${bytes.length - offset} more bytes follow`);
  const lists = { voters, votersOutgoing, learners, learnersNext };
  const configuration = { ...lists, autoLeave: bytes[1] === 1, ...(context === null ? {} : { context }) };
  const fault = configurationFault(configuration);
  if (fault !== null) refuse(fault);
  return configuration;
}

/**
 * Says what is wrong with a configuration.
 *
 * @param configuration Any configuration. One without voters is valid: a node that has yet to join has it.
 * @returns `null` if nothing is wrong.
 */
export function configurationFault(configuration: Configuration): string | null {
  const { voters, votersOutgoing, learners, learnersNext, autoLeave } = configuration;
  for (const id of learners) {
    if (voters.includes(id) || votersOutgoing.includes(id)) return `node ${id} is a voter and a learner`;
  }
  for (const id of learnersNext) {
    if (voters.includes(id) || !votersOutgoing.includes(id)) {
      return `node ${id} is to become a learner, but is not an outgoing voter`;
    }
  }
  if (votersOutgoing.length > 0 && voters.length === 0) return "a joint configuration has no incoming voters";
  if (votersOutgoing.length === 0 && autoLeave) return "a configuration that is not joint cannot be left";
  return null;
}

/**
 * The configurations from the snapshot on, each with the index of its entry. The last one is in force, committed or
 * not: "a server always uses the latest configuration in its log" (Raft, section 6).
 */
export class ConfigurationStack {
  #items: { readonly index: LogIndex; readonly configuration: Configuration }[];

  /**
   * @param index The index of the first configuration: the snapshot's, or 0.
   * @param configuration The first configuration.
   */
  constructor(index: LogIndex, configuration: Configuration) {
    this.#items = [{ index, configuration }];
  }

  /** The configuration in force. */
  get current(): Configuration {
    return this.#items[this.#items.length - 1]!.configuration;
  }

  /** The index of the entry that holds the configuration in force. */
  get currentIndex(): LogIndex {
    return this.#items[this.#items.length - 1]!.index;
  }

  /** The configuration as of `index`, which is not before the first configuration's index. */
  at(index: LogIndex): Configuration {
    let place = this.#items.length - 1;
    while (place > 0 && this.#items[place]!.index > index) place--;
    return this.#items[place]!.configuration;
  }

  /** Whether `test` holds for the configuration at `index` or for any later one. */
  someSince(index: LogIndex, test: (configuration: Configuration) => boolean): boolean {
    for (let place = this.#items.length - 1; place >= 0; place--) {
      if (test(this.#items[place]!.configuration)) return true;
      if (this.#items[place]!.index <= index) return false;
    }
    return false;
  }

  /** Adds a configuration that was appended to the log. */
  push(index: LogIndex, configuration: Configuration): void {
    this.#items.push({ index, configuration });
  }

  /** Drops the configurations from index `from` on. Returns whether the configuration in force was among them. */
  truncate(from: LogIndex): boolean {
    const before = this.#items.length;
    while (this.#items.length > 1 && this.currentIndex >= from) this.#items.pop();
    return this.#items.length < before;
  }

  /** A copy of the stack. */
  copy(): ConfigurationStack {
    const copy = new ConfigurationStack(this.#items[0]!.index, this.#items[0]!.configuration);
    copy.#items = [...this.#items];
    return copy;
  }

  /** The stack's content, for `describeCore`. */
  content(): unknown {
    return this.#items;
  }

  /** Drops the configurations that a snapshot at `index` makes unnecessary. */
  compact(index: LogIndex): void {
    const at = this.at(index);
    this.#items = [{ index, configuration: at }, ...this.#items.filter((item) => item.index > index)];
  }
}
