/**
 * The files of a node besides journal and snapshot: the cluster's first voters, and the addresses of the members.
 *
 * @module
 */
import type { Disk } from "../journal/disk.ts";
import { readFile, replaceFile } from "../journal/whole_file.ts";
import { formatAddress, parseAddress } from "../peer/peer_options.ts";

/**
 * The members' addresses and the births of their journals. After a restart the node needs the addresses before it has
 * heard from any member, and the births to refuse a member that has lost its journal.
 */
export const MEMBERS_FILE = "members";
/** The cluster's first voters: the configuration of a log that contains no change of the members. */
export const FOUNDERS_FILE = "founders";

/** A member in the members' file. */
export interface KnownMember {
  readonly address: string;
  /** 0 if it is unknown. */
  readonly birth: number;
}

/**
 * The cluster's first voters: those given at the first start. Later starts use the same ones. A node that joins gives
 * none.
 */
export function keepFounders(
  disk: Disk,
  given: readonly number[],
  done: (error: Error | null, founders: readonly number[]) => void,
): void {
  readFile(disk, FOUNDERS_FILE, (readError, bytes) => {
    if (readError !== null) return done(readError, []);
    if (bytes !== null) {
      const founders = readFounders(bytes);
      if (founders !== null) return done(null, founders);
      return done(new SyntaxError(`Cannot read the file ${FOUNDERS_FILE}: a list of members was expected`), []);
    }
    const text = new TextEncoder().encode(`${JSON.stringify(given)}\n`);
    replaceFile(disk, FOUNDERS_FILE, text, (error) => done(error, given));
  });
}

/** The voters in the file; `null` if it is not such a list. */
function readFounders(bytes: Uint8Array): number[] | null {
  try {
    const founders: unknown = JSON.parse(new TextDecoder().decode(bytes));
    return Array.isArray(founders) && founders.every(Number.isSafeInteger) ? founders : null;
  } catch {
    return null;
  }
}

/** Makes the bytes of the members' file. */
export function membersBytes(members: ReadonlyMap<number, KnownMember>): Uint8Array {
  return new TextEncoder().encode(`${JSON.stringify(Object.fromEntries(members), null, 2)}\n`);
}

/** Reads the members' file. The file is only a hint, so an unreadable one counts as empty. */
export function readMembers(bytes: Uint8Array | null): Map<number, KnownMember> {
  try {
    const text = new TextDecoder().decode(bytes ?? new Uint8Array(0));
    const members = Object.entries(JSON.parse(text) as Record<string, KnownMember>);
    return new Map(members.map(([id, { address, birth }]) => {
      return [Number(id), { address: formatAddress(parseAddress(address)), birth: Number(birth) >>> 0 }];
    }));
  } catch {
    return new Map();
  }
}
