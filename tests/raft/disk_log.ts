// A RaftLog whose writes become durable only when a sync ends, and which a crash takes back to what was durable.
import {
  type Entry,
  type HardState,
  initialState,
  type LogIndex,
  MemLog,
  type RaftLog,
  type Snapshot,
  type SnapshotContent,
  type Term,
} from "../../raft/mod.ts";

type Write = (log: MemLog) => void;

export class DiskLog implements RaftLog {
  #live: MemLog = new MemLog();
  /** What a crash leaves. */
  disk: MemLog = new MemLog();
  #writes: Write[] = [];
  #durableIndex = 0;
  #durableState: HardState = initialState;
  #sync: { writes: number; lastIndex: number; state: HardState } | null = null;

  get isSyncing(): boolean {
    return this.#sync !== null;
  }
  get isDurable(): boolean {
    return this.#writes.length === 0;
  }

  beginSync(): void {
    this.#sync = { writes: this.#writes.length, lastIndex: this.#live.lastIndex, state: this.#live.state };
  }

  endSync(): void {
    const { writes, lastIndex, state } = this.#sync!;
    for (const write of this.#writes.splice(0, writes)) write(this.disk);
    this.#durableIndex = Math.max(this.#durableIndex, lastIndex);
    this.#durableState = state;
    this.#sync = null;
  }

  /** Forgets what was not durable. */
  crash(): void {
    this.#writes = [];
    this.#sync = null;
    this.#live = copyOf(this.disk);
    this.#durableIndex = this.#live.lastIndex;
    this.#durableState = this.#live.state;
  }

  get snapshotIndex(): LogIndex {
    return this.#live.snapshotIndex;
  }
  get snapshotTerm(): Term {
    return this.#live.snapshotTerm;
  }
  get snapshot(): Snapshot | null {
    return this.#live.snapshot;
  }
  get firstIndex(): LogIndex {
    return this.#live.firstIndex;
  }
  get lastIndex(): LogIndex {
    return this.#live.lastIndex;
  }
  get lastTerm(): Term {
    return this.#live.lastTerm;
  }
  get durableIndex(): LogIndex {
    return this.#durableIndex as LogIndex;
  }
  get state(): HardState {
    return this.#live.state;
  }
  get durableState(): HardState {
    return this.#durableState;
  }
  termAt(index: LogIndex): Term | undefined {
    return this.#live.termAt(index);
  }
  entryAt(index: LogIndex): Entry | undefined {
    return this.#live.entryAt(index);
  }
  slice(from: LogIndex, to: LogIndex, maxBytes?: number): Entry[] {
    return this.#live.slice(from, to, maxBytes);
  }
  append(entries: readonly Entry[]): void {
    this.#write((log) => log.append(entries));
  }
  appendOne(entry: Entry): void {
    this.#write((log) => log.appendOne(entry));
  }
  truncate(from: LogIndex): void {
    this.#write((log) => log.truncate(from));
    this.#lower(from - 1);
  }
  setState(state: HardState): void {
    this.#write((log) => log.setState(state));
  }
  compact(snapshot: Snapshot, keepFrom: LogIndex): void {
    this.#write((log) => log.compact(snapshot, keepFrom));
  }
  /** Takes the bytes of a snapshot that the host is about to compact to. */
  stage(data: Uint8Array): SnapshotContent {
    this.#writes.push((log) => log.stage(data));
    return this.#live.stage(data);
  }
  readSnapshot(snapshot: Snapshot, offset: number, maxBytes: number): Uint8Array | null {
    return this.#live.readSnapshot(snapshot, offset, maxBytes);
  }
  holdSnapshots(snapshots: readonly Snapshot[]): void {
    this.#live.holdSnapshots(snapshots);
  }
  receiveSnapshot(snapshot: Snapshot, offset: number, chunk: Uint8Array): boolean {
    this.#writes.push((log) => log.receiveSnapshot(snapshot, offset, chunk));
    return this.#live.receiveSnapshot(snapshot, offset, chunk);
  }
  get receivedBytes(): number {
    return this.#live.receivedBytes;
  }
  restore(snapshot: Snapshot): boolean {
    if (!this.#live.restore(snapshot)) return false;
    this.#writes.push((log) => log.restore(snapshot));
    this.#lower(0);
    return true;
  }

  #write(write: Write): void {
    write(this.#live);
    this.#writes.push(write);
  }

  #lower(index: number): void {
    this.#durableIndex = Math.min(this.#durableIndex, index);
    if (this.#sync !== null) this.#sync.lastIndex = Math.min(this.#sync.lastIndex, index);
  }
}

/** Another log with the same content; the entries are shared. */
export function copyOf(log: RaftLog): MemLog {
  const copy = new MemLog();
  copy.setState(log.state);
  if (log.snapshot !== null) {
    copy.receiveSnapshot(log.snapshot, 0, log.readSnapshot(log.snapshot, 0, Infinity)!);
    copy.restore(log.snapshot);
  }
  for (let index = log.snapshotIndex + 1; index <= log.lastIndex; index++) {
    copy.appendOne(log.entryAt(index as LogIndex)!);
  }
  return copy;
}
