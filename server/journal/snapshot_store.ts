/**
 * The snapshots of a journal: the latest, those that are still being sent to followers, and up to two that are being
 * written, one of this node's own state and one from a leader.
 *
 * @module
 */
import type { Snapshot } from "../../raft/mod.ts";
import type { Disk } from "./disk.ts";
import type { JournalIdentity } from "./journal_format.ts";
import { SnapshotDraft } from "./snapshot_draft.ts";
import { snapshotName, snapshotTrailer } from "./snapshot_format.ts";
import { SnapshotReads } from "./snapshot_reads.ts";

const DRAFT_PREFIX = "draft-";

/** Whether a file belongs to a snapshot that was never taken or installed. */
export function isDraft(name: string): boolean {
  return name.startsWith(DRAFT_PREFIX);
}

/** How many bytes of a leader's snapshot are kept in memory at most. */
const UNWRITTEN_MAX = 64 << 20;

/** The parts that the store needs. */
interface SnapshotStoreOptions {
  readonly disk: Disk;
  readonly identity: JournalIdentity;
  /** The latest snapshot that was found on disk. */
  readonly found: Snapshot | null;
  /** Called when bytes that the user of the journal waits for were read or written. */
  readonly onProgress: () => void;
  readonly onFailure: (error: Error) => void;
}

/** A snapshot that was taken or installed. */
interface Kept {
  readonly snapshot: Snapshot;
  /** Its file; the draft's name until the snapshot is durable. */
  file: string;
  isDurable: boolean;
}

/** The snapshots of one journal. */
export class SnapshotStore {
  readonly #options: SnapshotStoreOptions;
  readonly #reads: SnapshotReads;
  /** The snapshots in the order of their indexes; the last one is the latest. */
  #kept: Kept[] = [];
  #sent: readonly Snapshot[] = [];
  #drafts = 0;
  #own: SnapshotDraft | null = null;
  #incoming: { readonly snapshot: Snapshot; readonly draft: SnapshotDraft } | null = null;

  constructor(options: SnapshotStoreOptions) {
    this.#options = options;
    this.#reads = new SnapshotReads(options);
    if (options.found !== null) {
      this.#kept.push({ snapshot: options.found, file: snapshotName(options.found.index), isDurable: true });
    }
  }

  /** The index of the latest snapshot that would survive a crash; 0 if there is none. */
  get durableIndex(): number {
    return this.#kept.findLast(({ isDurable }) => isDurable)?.snapshot.index ?? 0;
  }

  /** Begins to write this node's own state. Gives up an earlier draft. */
  stage(): SnapshotDraft {
    this.#own?.abandon();
    return this.#own = this.#draft();
  }

  /** Whether a draft of this node's own state is neither taken nor given up. */
  get isStaged(): boolean {
    return this.#own !== null;
  }

  /** Gives up the draft that `stage` began. */
  unstage(): void {
    this.#own?.abandon();
    this.#own = null;
  }

  /** Takes the staged draft as the snapshot. Calls `durable` when it would survive a crash. */
  take(snapshot: Snapshot, durable: () => void): void {
    const draft = this.#own;
    if (draft === null || draft.bytes !== snapshot.bytes || draft.digest !== snapshot.digest) {
      throw new RangeError(`Cannot take a snapshot of ${snapshot.bytes} bytes: it was not written to the log before`);
    }
    this.#own = null;
    this.#keep(snapshot, draft, durable);
  }

  /** Takes a chunk of a leader's snapshot, in order from offset 0. `false`: not now, or not this snapshot. */
  receive(snapshot: Snapshot, offset: number, chunk: Uint8Array): boolean {
    if (this.#incoming === null || !isSame(this.#incoming.snapshot, snapshot) || offset === 0) {
      if (offset !== 0) return false;
      this.#incoming?.draft.abandon();
      this.#incoming = { snapshot, draft: this.#draft() };
    }
    const { draft } = this.#incoming;
    if (offset !== draft.bytes || draft.unwritten > UNWRITTEN_MAX) return false;
    if (chunk.length > 0) draft.add(chunk);
    return true;
  }

  /** How many bytes of the incoming snapshot are written. */
  get receivedBytes(): number {
    return this.#incoming?.draft.written ?? 0;
  }

  /** Replaces all others by the incoming snapshot; `false` if its bytes do not match its identity. */
  install(snapshot: Snapshot, durable: () => void): boolean {
    const incoming = this.#incoming;
    if (incoming === null || !isSame(incoming.snapshot, snapshot)) return false;
    this.#incoming = null;
    const { draft } = incoming;
    if (draft.bytes !== snapshot.bytes || draft.digest !== snapshot.digest) {
      draft.abandon();
      return false;
    }
    this.unstage();
    this.#keep(snapshot, draft, durable);
    return true;
  }

  /** Up to `maxBytes` bytes of a snapshot's data from an offset; `null` means "not yet". */
  read(snapshot: Snapshot, offset: number, maxBytes: number): Uint8Array | null {
    const kept = this.#kept.find((one) => isSame(one.snapshot, snapshot));
    if (kept === undefined) throw new RangeError(`Cannot read the snapshot at ${snapshot.index}: it is not held`);
    return this.#reads.read(kept.file, snapshot, offset, maxBytes);
  }

  /** Keeps the files of these snapshots, which are being sent, beside that of the latest. */
  hold(snapshots: readonly Snapshot[]): void {
    this.#sent = snapshots;
    this.#dropOutdated();
  }

  #draft(): SnapshotDraft {
    const file = `${DRAFT_PREFIX}${++this.#drafts}`;
    const { disk, onProgress, onFailure } = this.#options;
    return new SnapshotDraft({ disk, file, onProgress, onFailure });
  }

  #keep(snapshot: Snapshot, draft: SnapshotDraft, durable: () => void): void {
    const { file } = draft;
    const kept: Kept = { snapshot, file, isDurable: false };
    this.#kept.push(kept);
    const name = snapshotName(snapshot.index);
    draft.finish(snapshotTrailer(this.#options.identity, snapshot), name, () => {
      this.#reads.moved(file, name);
      kept.file = name;
      kept.isDurable = true;
      this.#dropOutdated();
      durable();
    });
  }

  #dropOutdated(): void {
    const latest = this.durableIndex;
    const isNeeded = ({ snapshot, isDurable }: Kept): boolean =>
      !isDurable || snapshot.index >= latest || this.#sent.some((sent) => isSame(sent, snapshot));
    for (const kept of this.#kept) {
      if (isNeeded(kept)) continue;
      this.#reads.dropped(kept.file);
      this.#options.disk.remove(kept.file, (error) => {
        if (error !== null) this.#options.onFailure(error);
      });
    }
    this.#kept = this.#kept.filter(isNeeded);
  }
}

/** Whether two identities name the same bytes. */
function isSame(a: Snapshot, b: Snapshot): boolean {
  return a.index === b.index && a.term === b.term && a.bytes === b.bytes && a.digest === b.digest;
}
