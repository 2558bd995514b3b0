/**
 * One client's connection: it takes commands, and writes answers in the same order.
 *
 * Reads of one connection run concurrently, and so do writes. When a read follows a write, or a write a read, it waits
 * for the earlier answers. So a read sees the writes before it and none after it. (Around a change of leader, writes of
 * one pipeline may change their order. A client that cares waits for each answer.)
 *
 * @module
 */
import type { Socket } from "node:net";
import { setImmediate } from "node:timers";
import { foreignCommand } from "./foreign_protocol.ts";
import {
  ARGUMENT_BYTES,
  createRespParser,
  replyBytes,
  type RespFailure,
  type RespParser,
  RespProtocolError,
  type RespValue,
  type RespVersion,
  RespWriter,
} from "./resp.ts";
import type { ClientLimits } from "./client_limits.ts";
import {
  type AdminCommand,
  type Command,
  type KeysCommand,
  parseCommand,
  type StoreCommand,
  type TransactionCommand,
} from "./resp_commands.ts";
import {
  answerConnectionCommand,
  endTransaction,
  givesPassword,
  inOrder,
  isConnectionCommand,
  isStoreCommand,
  queue,
  type QueuedCommand,
  refusal,
  type RespSession,
  type RespSessionOptions,
} from "./resp_session.ts";

/** Commands that concern more than the client's connection. */
export type Request = StoreCommand | KeysCommand | AdminCommand | TransactionCommand;

/** The pool in which a connection counts: one that has sent nothing yet, a client's, or an operator's. */
type Place = "new" | "client" | "operator";

/** The interface of the listener that accepted a connection. */
export interface Door {
  readonly limits: ClientLimits;
  readonly session: RespSessionOptions;
  /** Executes a request. Calls `reply` once, possibly at once. */
  execute(request: Request, session: RespSession, reply: (value: RespValue) => void): void;
  /** Whether a request only reads. */
  isRead(request: Request): boolean;
  /** Why a command is refused: there is no room for another client, or the node stops. `null` if it is accepted. */
  admit(connection: ClientConnection, command: Command): RespFailure | null;
  /** Checks a password: at once, or later if too many attempts have failed (`auth_throttle.ts`). */
  login(connection: ClientConnection, look: () => RespValue, answer: (value: RespValue) => void): void;
  /** Called when the client speaks another protocol than Redis's. */
  onForeign(connection: ClientConnection, protocol: string): void;
  /** Continues with a connection in a turn of its own. */
  resume(connection: ClientConnection): void;
  /** Called when there are answers to write. */
  onAnswers(connection: ClientConnection): void;
}

/** The assumed length of an answer before a connection has had one. */
const FIRST_ANSWER_BYTES = 1 << 20;
/**
 * When so many bytes of answers are written and not taken, no further answer is written and no further command begun.
 * An answer that waits is a reference to what the store has; written, it is memory of its own, and takes time.
 */
const WRITE_AHEAD_BYTES = 262_144;

const UNCOUNTED = -1;

/** The place of an answer in the order. */
interface Slot {
  value: RespValue | undefined;
  /** The protocol version from this answer on. */
  version?: RespVersion;
  /** Makes the answer out of the store's. */
  finish?: (value: RespValue) => RespValue;
  /**
   * How many bytes of this process's memory it holds: those of its request, and then those of its answer while an
   * earlier one is missing; or `UNCOUNTED`.
   */
  bytes: number;
}

/**
 * After so many commands the other connections have their turn. A runtime may otherwise go on reading from a socket
 * that always has more, and a client with 700,000 PINGs kept all others waiting for two seconds.
 */
const TURN_COMMANDS = 1024;

/** Input that was read but not begun: a command, or the reason why no more can be read. */
type Held = { readonly args: string[]; readonly isInline: boolean } | { readonly error: string };

interface Waiting {
  readonly request: Request;
  readonly slot: Slot;
}

/** One client's connection. */
export class ClientConnection {
  readonly socket: Socket;
  readonly session: RespSession;
  /** The client's address without the port. */
  readonly host: string;
  /** When the connection was accepted. */
  readonly since: number;
  place: Place = "new";
  /** When the client last sent something. */
  lastActive: number;
  /** Whether the connection is over: it takes no commands and writes no answers. */
  isOver = false;
  /** Whether answers wait to be written. */
  isDirty = false;
  readonly #door: Door;
  readonly #parser: RespParser;
  readonly #writer: RespWriter = new RespWriter();
  /** Answers in order; some may not have come yet. `#slots[#head]` is the first. */
  #slots: Slot[] = [];
  #head = 0;
  /** Requests that wait for those of the other kind, reads or writes. */
  #waiting: Waiting[] = [];
  #isPerforming = false;
  /** Input that waits while a password is checked, or while the client does not take its answers. */
  #held: readonly Held[] = [];
  #isReleasing = false;
  /** How many commands were begun since it went on in a turn of its own. */
  #turnCommands = 0;
  #isContinuing = false;
  #isLoggingIn = false;
  /** Whether nothing more can be read. */
  #isBroken = false;
  /** How many requests are under way, and whether they are reads. */
  #underWay = 0;
  #isReading = true;
  /** Whether the request under way lets no other one begin. */
  #isAlone = false;
  /** The expected length of an answer: that of the last ones. It limits how many commands are begun. */
  #answerBytes = FIRST_ANSWER_BYTES;
  #isPaused = false;
  /** How many elements of the next answer are written, if it is a long list. */
  #listed = 0;
  /** Whether answers wait that could be written, but would be too many at once. */
  #isCut = false;
  /** The bytes of the requests that have no answer yet, and of the answers that wait for an earlier one. */
  #requestBytes = 0;
  #answeredBytes = 0;
  /** How many bytes the socket held when it was last asked. It holds fewer later, until more is written. */
  #socketBytes = 0;

  constructor(socket: Socket, session: RespSession, door: Door, now: number) {
    this.socket = socket;
    this.session = session;
    this.host = socket.remoteAddress ?? "?";
    this.since = now;
    this.lastActive = now;
    this.#door = door;
    this.#parser = createRespParser(door.limits);
    this.#parser.restricted = !session.isAuthenticated;
  }

  /** The client's address, for the log. */
  get remote(): string {
    return `${this.host}:${this.socket.remotePort ?? 0}`;
  }

  /** Whether its password waits to be checked. */
  get isLoggingIn(): boolean {
    return this.#isLoggingIn;
  }

  /** How many bytes of this process's memory it uses. */
  get heldBytes(): number {
    return this.#parser.heldBytes + this.#requestBytes + this.#unsentBytes + (this.session.transaction?.bytes ?? 0);
  }

  /** How many bytes of answers the client has not taken, as far as is known. */
  get #unsentBytes(): number {
    return this.#answeredBytes + this.#writer.length + this.#socketBytes;
  }

  /** How many bytes of answers `write` has to write. */
  get writtenBytes(): number {
    return this.#writer.length;
  }

  /** Whether all its commands are answered. */
  get isIdle(): boolean {
    return this.#slots.length === this.#head && this.#writer.length === 0;
  }

  /** Takes bytes from the client. */
  take(chunk: Uint8Array, now: number): void {
    if (this.isOver || this.#isBroken) return;
    this.lastActive = now;
    this.#socketBytes = this.socket.writableLength;
    try {
      this.#parser.feed(chunk, (args, isInline) => {
        if (this.isOver || this.session.isQuitting) return;
        if (this.#mustHold) this.#hold({ args, isInline });
        else this.#begin(args, isInline);
      });
    } catch (error) {
      if (!(error instanceof RespProtocolError)) throw error;
      this.#isBroken = true;
      if (this.#mustHold) this.#hold({ error: error.message });
      else this.#break(error.message);
    }
    if (this.#turnCommands >= TURN_COMMANDS) this.#continueLater();
    if (this.#isFull() && !this.#isPaused) {
      this.#isPaused = true;
      this.socket.pause();
    }
  }

  /** Continues with answers and commands that were held up. */
  resume(): void {
    this.#socketBytes = this.socket.writableLength;
    this.#advance();
    this.#performWaiting();
    this.#release();
    if (!this.#isPaused || this.isOver || this.#isFull()) return;
    this.#isPaused = false;
    this.socket.resume();
  }

  /** Writes the answers that have come. Returns whether the connection should end, because all is answered. */
  write(): boolean {
    this.isDirty = false;
    if (this.isOver) return false;
    this.socket.write(this.#writer.take());
    this.#socketBytes = this.socket.writableLength;
    if (this.session.isQuitting && this.#slots.length === this.#head) return true;
    // The others have their turn before this client gets the rest.
    if (this.#isCut) this.#continueLater();
    else if (this.#isPaused || this.#waiting.length > 0 || this.#held.length > 0) this.resume();
    return false;
  }

  /** Ends the connection at once, without further answers. */
  destroy(): void {
    this.forget();
    this.socket.destroy();
  }

  /** Drops all its commands and answers. */
  forget(): void {
    this.isOver = true;
    this.#waiting = [];
    this.#held = [];
    this.session.transaction = null;
  }

  #isFull(): boolean {
    const { maxPipeline, maxPipelineBytes, maxUnsentBytes } = this.#door.limits;
    if (this.#mustHold || this.#requestBytes > maxPipelineBytes) return true;
    return this.#slots.length - this.#head > maxPipeline || this.#unsentBytes > maxUnsentBytes;
  }

  get #mustHold(): boolean {
    return this.#isLoggingIn || this.#held.length > 0 || this.#hasHadItsTurn;
  }

  /** Whether no more of its commands should begin in this turn of the event loop. */
  get #hasHadItsTurn(): boolean {
    return this.#turnCommands >= TURN_COMMANDS || this.#unsentBytes > WRITE_AHEAD_BYTES;
  }

  #continueLater(): void {
    if (this.#isContinuing) return;
    this.#isContinuing = true;
    setImmediate(() => {
      this.#isContinuing = false;
      this.#turnCommands = 0;
      this.#door.resume(this);
    });
  }

  #hold(input: Held): void {
    (this.#held as Held[]).push(input);
  }

  /** Begins what was held, as far as it may. */
  #release(): void {
    if (this.#isReleasing || this.#held.length === 0) return;
    this.#isReleasing = true;
    const held = this.#held;
    let at = 0;
    while (at < held.length && !this.isOver && !this.session.isQuitting) {
      if (this.#isLoggingIn || this.#hasHadItsTurn) break;
      const input = held[at++]!;
      if ("error" in input) this.#break(input.error);
      else this.#begin(input.args, input.isInline);
    }
    this.#held = this.isOver || this.session.isQuitting ? [] : held.slice(at);
    this.#isReleasing = false;
    if (this.#turnCommands >= TURN_COMMANDS) this.#continueLater();
  }

  /** Says why nothing more can be read, as the last answer. */
  #break(reason: string): void {
    if (!this.session.isQuitting && !this.isOver) this.#push({ error: `ERR ${reason}` });
    this.session.isQuitting = true;
    this.#advance();
  }

  /** Adds a place for an answer, which may be filled already. */
  #push(value?: RespValue): Slot {
    const slot: Slot = { value, bytes: UNCOUNTED };
    this.#slots.push(slot);
    return slot;
  }

  #begin(args: string[], isInline: boolean): void {
    this.#turnCommands++;
    const command = parseCommand(args);
    const isStrange = isInline || command.type === "invalid";
    const foreign = isStrange ? foreignCommand(args, isInline) : null;
    if (foreign !== null) return this.#door.onForeign(this, foreign);
    const slot = this.#push();
    this.#answer(command, args, slot);
    if (slot.value === undefined) return;
    if (slot.bytes === UNCOUNTED) this.#countAnswer(slot, slot.value);
    this.#advance();
  }

  /** Answers a command at once, or arranges for its answer. */
  #answer(command: Command, args: readonly string[], slot: Slot): void {
    const { session } = this;
    const refused = refusal(command, session) ?? this.#door.admit(this, command);
    if (refused !== null) {
      slot.value = refused;
      return;
    }
    if (givesPassword(command)) return this.#logIn(command, slot);
    const queued = session.transaction === null ? null : queue(command, bytesOf(args), session);
    if (queued !== null) slot.value = queued;
    else if (command.type === "invalid") slot.value = { error: command.error };
    else if (command.type === "exec") this.#execute(slot);
    else if (isConnectionCommand(command)) this.#settle(slot, this.#ask(command));
    else this.#perform(command, bytesOf(args), slot);
  }

  #ask(command: Parameters<typeof answerConnectionCommand>[0]): RespValue {
    return answerConnectionCommand(command, this.session, this.#door.session);
  }

  /** Fills a place. The answer may have changed the session. */
  #settle(slot: Slot, value: RespValue): void {
    slot.value = value;
    slot.version = this.session.version;
    this.#parser.restricted = !this.session.isAuthenticated;
  }

  /** Checks a password. The commands behind it wait, since they depend on the result. */
  #logIn(command: Command, slot: Slot): void {
    if (!isConnectionCommand(command)) return;
    this.#isLoggingIn = true;
    this.#door.login(this, () => this.#ask(command), (value) => {
      if (this.isOver) return;
      this.#settle(slot, value);
      this.#isLoggingIn = false;
      this.resume();
    });
  }

  /** Executes a transaction, which ends it. */
  #execute(slot: Slot): void {
    const bytes = this.session.transaction?.bytes ?? 0;
    const ended = endTransaction(this.session);
    if ("error" in ended) slot.value = ended;
    else this.#executeQueued(ended, bytes, slot);
  }

  #executeQueued(queued: readonly QueuedCommand[], bytes: number, slot: Slot): void {
    const commands = queued.filter(isStoreCommand);
    const inPlace = (answers: readonly RespValue[]): RespValue =>
      inOrder(queued, answers, (command) => this.#ask(command));
    if (commands.length === 0) slot.value = inPlace([]);
    else {
      slot.finish = (value) => Array.isArray(value) ? inPlace(value) : value;
      this.#perform({ type: "transaction", commands }, bytes, slot);
    }
  }

  #perform(request: Request, bytes: number, slot: Slot): void {
    slot.bytes = bytes;
    this.#requestBytes += bytes;
    if (this.#waiting.length > 0 || !this.#mayBegin(request)) this.#waiting.push({ request, slot });
    else this.#run(request, slot);
  }

  #mayBegin(request: Request): boolean {
    const { maxUnsentBytes } = this.#door.limits;
    // Answers that wait for this very request must not keep it from beginning.
    if (this.#underWay === 0) return this.#unsentBytes - this.#answeredBytes <= maxUnsentBytes;
    if (this.#isAlone || isLong(request)) return false;
    return this.#isReading === this.#door.isRead(request) &&
      this.#unsentBytes + this.#underWay * this.#answerBytes <= maxUnsentBytes;
  }

  #run(request: Request, slot: Slot): void {
    this.#underWay++;
    this.#isReading = this.#door.isRead(request);
    this.#isAlone = isLong(request);
    this.#door.execute(request, this.session, (value) => {
      if (slot.value !== undefined) return;
      this.#fill(slot, slot.finish === undefined ? value : slot.finish(value));
      this.#underWay--;
      if (this.#waiting.length > 0) this.#performWaiting();
      this.#advance();
    });
  }

  #fill(slot: Slot, value: RespValue): void {
    slot.value = value;
    this.#requestBytes -= slot.bytes;
    this.#countAnswer(slot, value);
  }

  /** Counts what an answer holds, unless it is written at once. */
  #countAnswer(slot: Slot, value: RespValue): void {
    slot.bytes = this.#slots[this.#head] === slot ? 0 : replyBytes(value);
    this.#answeredBytes += slot.bytes;
  }

  #performWaiting(): void {
    // An answer that comes at once calls this again.
    if (this.#isPerforming) return;
    this.#isPerforming = true;
    let at = 0;
    for (; at < this.#waiting.length; at++) {
      const { request, slot } = this.#waiting[at]!;
      if (this.isOver || !this.#mayBegin(request)) break;
      this.#run(request, slot);
    }
    if (at > 0) this.#waiting = this.#waiting.slice(at);
    this.#isPerforming = false;
  }

  /** Writes the answers up to the first one that is missing, but not many more than may wait to be taken. */
  #advance(): void {
    if (this.isOver) return;
    const slots = this.#slots;
    let head = this.#head;
    const ahead = this.#socketBytes;
    this.#isCut = false;
    try {
      for (; head < slots.length; head++) {
        const { value, version, bytes } = slots[head]!;
        if (value === undefined) break;
        this.#isCut = ahead + this.#writer.length >= WRITE_AHEAD_BYTES;
        if (this.#isCut) break;
        if (version !== undefined) this.#writer.version = version;
        const before = this.#writer.length;
        if (isLongList(value)) this.#isCut = !this.#writeList(value, ahead);
        else this.#writer.value(value);
        if (this.#isCut) break;
        this.#answerBytes = Math.max(this.#writer.length - before, this.#answerBytes >> 1);
        if (bytes !== UNCOUNTED) this.#answeredBytes -= bytes;
      }
    } catch {
      // There is no memory for the answer: only this client's connection ends.
      return this.destroy();
    }
    this.#forgetAnswered(head);
    if (!this.isDirty && this.#writer.length > 0) this.#door.onAnswers(this);
  }

  /** Writes a list, or as much of it as there is room for. Returns whether it is complete. */
  #writeList(list: readonly RespValue[], ahead: number): boolean {
    if (this.#listed === 0) this.#writer.array(list.length);
    while (this.#listed < list.length) {
      if (ahead + this.#writer.length >= WRITE_AHEAD_BYTES) return false;
      this.#writer.value(list[this.#listed++]!);
    }
    this.#listed = 0;
    return true;
  }

  #forgetAnswered(head: number): void {
    if (head === this.#slots.length) {
      this.#slots = [];
      this.#head = 0;
    } else if (head > 1024 && 2 * head > this.#slots.length) {
      this.#slots = this.#slots.slice(head);
      this.#head = 0;
    } else this.#head = head;
  }
}

/** Whether an answer may be so long that it is written piece by piece. */
function isLongList(value: RespValue): value is readonly RespValue[] {
  return Array.isArray(value) && value.length > 2;
}

/** Whether a request takes many steps and may have a long answer, so that others of its connection wait. */
function isLong(request: Request): boolean {
  return request.type === "keys";
}

function bytesOf(args: readonly string[]): number {
  let bytes = ARGUMENT_BYTES * args.length;
  for (let i = 0; i < args.length; i++) bytes += args[i]!.length;
  return bytes;
}
