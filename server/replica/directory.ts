/**
 * The directory of the members: where each listens, and whether it is to become a voter. It is replicated like the
 * store, next to it.
 *
 * ```text
 * command  = 32 | id u64 | wish u8 | replaces u64 | birth u32 | address length u32, bytes        no address: the member is forgotten
 * slice    = count u32 | (id u64 | wish u8 | replaces u64 | birth u32 | address)*
 * ```
 *
 * @module
 */
import { ByteReader } from "../bytes/byte_reader.ts";
import { ByteWriter } from "../bytes/byte_writer.ts";
import { type ClientReply, OK } from "./client.ts";
import { joinSlices, loaderAround, loadSlices, slicesAround } from "./snapshot_slices.ts";
import type { SnapshotLoader, StateMachine } from "./state_machine.ts";

/** The first byte of a directory command. The store's and the sessions' kinds are smaller. */
const DIRECTORY_KIND = 32;

/** What a member becomes once it has caught up: it stays as it is, or becomes a voter. */
type Wish = "as-is" | "voter";

/** A member's entry. */
export interface DirectoryEntry {
  /** The member's number. */
  readonly id: number;
  /** The address at which it listens for the other members: `host:port`. */
  readonly address: string;
  /** What it is to become. */
  readonly wish: Wish;
  /** The member that is removed in the same step; 0 for none. */
  readonly replaces: number;
  /** The birth of its journal; 0 while it is unknown. */
  readonly birth: number;
}

/** A state machine with a directory. */
export interface DirectoryMachine extends StateMachine {
  /** The current entries. */
  readonly entries: ReadonlyMap<number, DirectoryEntry>;
}

/** The command that sets a member's entry. */
export function encodeEntry(entry: DirectoryEntry): Uint8Array {
  const writer = new ByteWriter(64);
  writer.u8(DIRECTORY_KIND);
  writeEntry(writer, entry);
  return writer.view();
}

/** Whether a command changes the directory. Nobody but the members' own administration may propose it. */
export function isDirectoryCommand(command: Uint8Array): boolean {
  return command[0] === DIRECTORY_KIND;
}

/** The command that removes a member's entry. */
export function encodeRemoval(id: number): Uint8Array {
  return encodeEntry({ id, address: "", wish: "as-is", replaces: 0, birth: 0 });
}

function writeEntry(writer: ByteWriter, { id, address, wish, replaces, birth }: DirectoryEntry): void {
  writer.u64(id);
  writer.u8(wish === "voter" ? 1 : 0);
  writer.u64(replaces);
  writer.u32(birth);
  writer.bytesWithLength(new TextEncoder().encode(address));
}

function readEntry(reader: ByteReader): DirectoryEntry {
  const id = reader.u64("a member");
  const wish = reader.u8("a wish") === 1 ? "voter" : "as-is";
  const replaces = reader.u64("whom it replaces");
  const birth = reader.u32("its journal's birth");
  return { id, wish, replaces, birth, address: new TextDecoder().decode(reader.bytesWithLength("an address")) };
}

/**
 * Adds a directory to a state machine.
 *
 * @param onChange Called after every change, also by a snapshot.
 */
export function withDirectory(machine: StateMachine, onChange: () => void = () => {}): DirectoryMachine {
  const entries = new Map<number, DirectoryEntry>();

  const set = (command: Uint8Array): ClientReply => {
    const reader = new ByteReader(command, "a member's entry", 1);
    let entry: DirectoryEntry;
    try {
      entry = readEntry(reader);
      reader.end();
    } catch (error) {
      if (!(error instanceof SyntaxError)) throw error;
      return { type: "fail", error: error.message };
    }
    if (entry.address === "") entries.delete(entry.id);
    else entries.set(entry.id, entry);
    onChange();
    return OK;
  };

  const writeEntries = (writer: ByteWriter): void => {
    writer.u32(entries.size);
    for (const entry of entries.values()) writeEntry(writer, entry);
  };

  const loader = (): SnapshotLoader => {
    const restored: DirectoryEntry[] = [];
    const own: SnapshotLoader = {
      add(slice) {
        const reader = new ByteReader(slice, "a snapshot's directory");
        for (let left = reader.u32("the number of members"); left > 0; left--) restored.push(readEntry(reader));
        reader.end();
      },
      finish() {
        entries.clear();
        for (const entry of restored) entries.set(entry.id, entry);
        onChange();
      },
    };
    return loaderAround(own, machine);
  };

  return {
    entries,
    apply: (command, index) => isDirectoryCommand(command) ? set(command) : machine.apply(command, index),
    isRead: (command) => !isDirectoryCommand(command) && machine.isRead(command),
    read: (command) => machine.read(command),
    ...(machine.frees === undefined ? {} : { frees: machine.frees }),
    snapshot: () => joinSlices((writer) => slicesAround(writeEntries, machine, writer)),
    snapshotInSteps: (writer) => slicesAround(writeEntries, machine, writer),
    restore: (data) => loadSlices(data, loader()),
    restoreInSteps: loader,
  };
}
