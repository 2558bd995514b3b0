/**
 * What a node keeps in its folder beside journal and snapshot: who the voters were when the cluster began, and where
 * the members listen.
 *
 * @module
 */
import type { Disk } from "../journal/disk.ts";
import { readFile, replaceFile } from "../journal/whole_file.ts";
import { formatAddress, parseAddress } from "../peer/peer_options.ts";

/**
 * Where the members listen, so that a restart finds them before it has heard from anybody, and by which journals they
 * are known, so that a member that has lost its own is not listened to in that time either.
 */
export const MEMBERS_FILE = "members";
/** Who the voters were when the cluster began: what a log without any change of the members goes by. */
export const FOUNDERS_FILE = "founders";

/** A member in the members' file. */
export interface KnownMember {
  readonly address: string;
  /** 0 where it is not known. */
  readonly birth: number;
}

/**
 * The cluster's first voters: those given at the first start, and from then on as they were then. A node that joins
 * gives none.
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

/** The members that the file lists; `null` if it is no such list. */
function readFounders(bytes: Uint8Array): number[] | null {
  try {
    const founders: unknown = JSON.parse(new TextDecoder().decode(bytes));
    return Array.isArray(founders) && founders.every(Number.isSafeInteger) ? founders : null;
  } catch {
    return null;
  }
}

/** The bytes of the members' file. */
export function membersBytes(members: ReadonlyMap<number, KnownMember>): Uint8Array {
  return new TextEncoder().encode(`${JSON.stringify(Object.fromEntries(members), null, 2)}\n`);
}

/** The members in the members' file. It is a hint, and one that cannot be read is none. */
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
