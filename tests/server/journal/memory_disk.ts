// A disk in memory whose verbs take effect one at a time when the test says so, and which can lose power at any moment.
import type { Disk, DiskDone } from "../../../server/journal/disk.ts";
import type { Random } from "../../../raft/mod.ts";

/** A file's content: as it can be read, as it was when it was last synced, and what was written since. */
interface Content {
  bytes: Uint8Array;
  durable: Uint8Array;
  unsynced: { readonly position: number; readonly bytes: Uint8Array }[];
}

/** One change of the folder that no `syncFolder` has made durable. */
interface NameChange {
  readonly name: string;
  readonly content: Content | null;
}

/** A disk whose verbs wait in a queue until `step` or `settle`. */
export interface MemoryDisk extends Disk {
  /** Runs the next verb; false where none waits. */
  step(): boolean;
  /** Runs every verb, and those that they lead to. */
  settle(): void;
  /** Verbs that wait. */
  readonly waiting: number;
  /** How often `sync` and `syncFolder` took effect. */
  readonly syncs: number;
  /** How many bytes were written. */
  readonly written: number;
  /** What was synced, in order: file names, and `""` for the folder. */
  readonly synced: readonly string[];
  /** Makes every later verb that changes something fail; `null` ends that. */
  fail(error: Error | null): void;
  /** Makes reads short, and every later read and listing fail where an error is given. */
  disturbReads(random: Random | null, error?: Error): void;
  /** Power is lost: verbs that wait never happen; of what was not synced, bytes and names, any part stays, as drawn. */
  crash(random: Random): void;
  /** Power is lost; nothing that was not synced stays (0), or all of it (1). */
  lose(kept: 0 | 1): void;
  /** A file's bytes as they are now. */
  content(name: string): Uint8Array | null;
  /** The names of all files, sorted. */
  names(): string[];
  /** Puts bytes in a file's place, durable; `null` removes it. */
  put(name: string, bytes: Uint8Array | null): void;
}

/**
 * A new, empty disk.
 *
 * @param pick Which of so many queues' verbs comes next: verbs of different files may overtake each other.
 */
export function memoryDisk(pick: (queues: number) => number = () => 0): MemoryDisk {
  return new SteppedDisk(pick);
}

interface Job {
  readonly names: readonly string[];
  readonly effect: () => void;
}

const FOLDER = "";

class SteppedDisk implements MemoryDisk {
  readonly #pick: (queues: number) => number;
  #files = new Map<string, Content>();
  #durableFiles = new Map<string, Content>();
  #changes: NameChange[] = [];
  #jobs: Job[] = [];
  #failure: Error | null = null;
  #shortReads: Random | null = null;
  #readFailure: Error | null = null;
  readonly synced: string[] = [];
  written = 0;

  constructor(pick: (queues: number) => number) {
    this.#pick = pick;
  }

  get waiting(): number {
    return this.#jobs.length;
  }

  get syncs(): number {
    return this.synced.length;
  }

  write(name: string, position: number, bytes: Uint8Array, done: DiskDone): void {
    this.#change([name], done, () => {
      let file = this.#files.get(name);
      if (file === undefined) {
        file = { bytes: new Uint8Array(0), durable: new Uint8Array(0), unsynced: [] };
        this.#name(name, file);
      }
      this.written += bytes.length;
      file.unsynced.push({ position, bytes: bytes.slice() });
      file.bytes = written(file.bytes, position, bytes);
    });
  }

  sync(name: string, done: DiskDone): void {
    this.#change([name], done, () => {
      this.synced.push(name);
      const file = this.#files.get(name);
      if (file === undefined) return;
      file.durable = file.bytes;
      file.unsynced = [];
    });
  }

  read(
    name: string,
    position: number,
    length: number,
    done: (error: Error | null, bytes: Uint8Array | null) => void,
  ): void {
    this.#queue([name], () => {
      if (this.#readFailure !== null) return done(this.#readFailure, null);
      const whole = this.#files.get(name)?.bytes.slice(position, position + length) ?? null;
      if (whole === null || this.#shortReads === null || whole.length < 2) return done(null, whole);
      done(null, whole.slice(0, 1 + this.#shortReads.below(whole.length)));
    });
  }

  size(name: string, done: (error: Error | null, bytes: number | null) => void): void {
    this.#queue([name], () => done(this.#readFailure, this.#files.get(name)?.bytes.length ?? null));
  }

  list(done: (error: Error | null, names: readonly string[]) => void): void {
    this.#queue([FOLDER], () => done(this.#readFailure, this.names()));
  }

  rename(from: string, to: string, done: DiskDone): void {
    this.#change([from, to], done, () => {
      const file = this.#files.get(from);
      if (file === undefined) throw new Error(`There is no ${from} to be renamed`);
      this.#name(to, file);
      this.#name(from, null);
    });
  }

  remove(name: string, done: DiskDone): void {
    this.#change([name], done, () => {
      if (this.#files.has(name)) this.#name(name, null);
    });
  }

  syncFolder(done: DiskDone): void {
    this.#change([FOLDER], done, () => {
      this.synced.push(FOLDER);
      this.#durableFiles = new Map(this.#files);
      this.#changes = [];
    });
  }

  step(): boolean {
    const due = this.#jobs.filter((job, i) => {
      return !this.#jobs.slice(0, i).some((earlier) => earlier.names.some((name) => job.names.includes(name)));
    });
    if (due.length === 0) return false;
    const job = due[this.#pick(due.length)]!;
    this.#jobs.splice(this.#jobs.indexOf(job), 1);
    job.effect();
    return true;
  }

  settle(): void {
    while (this.step());
  }

  fail(error: Error | null): void {
    this.#failure = error;
  }

  disturbReads(random: Random | null, error: Error | null = null): void {
    this.#shortReads = random;
    this.#readFailure = error;
  }

  crash(random: Random): void {
    this.#end((content) => torn(content, random), () => random.chance(1, 2));
  }

  lose(kept: 0 | 1): void {
    this.#end(({ bytes, durable }) => kept === 1 ? bytes : durable, () => kept === 1);
  }

  /** Each name by itself keeps the first so many of its changes; one that was never synced may thus be gone, or an old one back. */
  #end(left: (content: Content) => Uint8Array, keeps: () => boolean): void {
    this.#jobs = [];
    const names = new Map(this.#durableFiles);
    const lost = new Set<string>();
    for (const { name, content } of this.#changes) {
      if (lost.has(name) || !keeps()) lost.add(name);
      else if (content === null) names.delete(name);
      else names.set(name, content);
    }
    const survivors = new Map<Content, Content>();
    for (const content of names.values()) {
      const bytes = left(content);
      survivors.set(content, { bytes, durable: bytes, unsynced: [] });
    }
    this.#files = new Map([...names].map(([name, content]) => [name, survivors.get(content)!]));
    this.#durableFiles = new Map(this.#files);
    this.#changes = [];
  }

  content(name: string): Uint8Array | null {
    return this.#files.get(name)?.bytes.slice() ?? null;
  }

  names(): string[] {
    return [...this.#files.keys()].sort();
  }

  put(name: string, bytes: Uint8Array | null): void {
    for (const files of [this.#files, this.#durableFiles]) {
      if (bytes === null) files.delete(name);
      else files.set(name, { bytes: bytes.slice(), durable: bytes.slice(), unsynced: [] });
    }
  }

  #name(name: string, content: Content | null): void {
    this.#changes.push({ name, content });
    if (content === null) this.#files.delete(name);
    else this.#files.set(name, content);
  }

  #queue(names: readonly string[], effect: () => void): void {
    this.#jobs.push({ names, effect });
  }

  #change(names: readonly string[], done: DiskDone, effect: () => void): void {
    this.#queue(names, () => {
      if (this.#failure === null) effect();
      done(this.#failure);
    });
  }
}

function written(before: Uint8Array, position: number, bytes: Uint8Array): Uint8Array {
  const after = new Uint8Array(Math.max(before.length, position + bytes.length));
  after.set(before);
  after.set(bytes, position);
  return after;
}

const SECTOR = 512;

/** Of what was not synced, each write is there whole, from its beginning up to a point, in some of its sectors, or not at all. */
function torn({ durable, unsynced }: Content, random: Random): Uint8Array {
  let bytes = durable;
  for (const { position, bytes: all } of unsynced) {
    if (random.chance(1, 4)) {
      for (let from = 0; from < all.length;) {
        const end = Math.min(all.length, from + SECTOR - (position + from) % SECTOR);
        if (random.chance(1, 2)) bytes = written(bytes, position + from, all.slice(from, end));
        from = end;
      }
      continue;
    }
    const part = all.slice(0, random.below(all.length + 1));
    if (part.length === 0) continue;
    if (part.length < all.length && random.chance(1, 4)) part[part.length - 1]! ^= 1 << random.below(8);
    bytes = written(bytes, position, part);
  }
  return bytes;
}
