// A disk in memory whose verbs take effect one at a time when the test says so, and which can lose power at any moment.
import type { Disk, DiskDone } from "../../../server/journal/disk.ts";

interface File {
  bytes: Uint8Array;
  durable: number;
}

/** A disk whose verbs wait in a queue until `step` or `settle`. */
export interface MemoryDisk extends Disk {
  /** Runs the next verb; false where none waits. */
  step(): boolean;
  /** Runs every verb, and those that they lead to. */
  settle(): void;
  /** Verbs that wait. */
  readonly waiting: number;
  /** How often `sync` and `replace` took effect. */
  readonly syncs: number;
  /** Makes every later append, sync and replace fail. */
  fail(error: Error): void;
  /** Power is lost: verbs that wait never happen, of what was not synced `kept` of the bytes stay (0 to 1). */
  crash(kept: number): void;
  /** A file's bytes as they are now. */
  content(name: string): Uint8Array | null;
  /** Puts bytes in a file's place, durable. */
  put(name: string, bytes: Uint8Array): void;
}

/**
 * A new, empty disk.
 *
 * @param pick Which of so many files' verbs comes next: verbs of different files may overtake each other.
 */
export function memoryDisk(pick: (files: number) => number = () => 0): MemoryDisk {
  const files = new Map<string, File>();
  const queues = new Map<string, (() => void)[]>();
  const enqueue = (name: string, action: () => void): void => {
    const queue = queues.get(name);
    if (queue === undefined) queues.set(name, [action]);
    else queue.push(action);
  };
  let syncs = 0;
  let failure: Error | null = null;
  const verb = (name: string, done: DiskDone, effect: () => void): void => {
    enqueue(name, () => {
      if (failure === null) effect();
      done(failure);
    });
  };
  const step = (): boolean => {
    const busy = [...queues.values()].filter((queue) => queue.length > 0);
    const next = busy.length === 0 ? undefined : busy[pick(busy.length)]!.shift();
    next?.();
    return next !== undefined;
  };
  return {
    append(name, bytes, done) {
      verb(name, done, () => {
        const file = files.get(name) ?? { bytes: new Uint8Array(0), durable: 0 };
        const grown = new Uint8Array(file.bytes.length + bytes.length);
        grown.set(file.bytes);
        grown.set(bytes, file.bytes.length);
        files.set(name, { bytes: grown, durable: file.durable });
      });
    },
    sync(name, done) {
      verb(name, done, () => {
        syncs++;
        const file = files.get(name);
        if (file !== undefined) file.durable = file.bytes.length;
      });
    },
    read(name, done) {
      enqueue(name, () => done(null, files.get(name)?.bytes.slice() ?? null));
    },
    replace(name, bytes, done) {
      verb(name, done, () => {
        syncs++;
        files.set(name, { bytes: bytes.slice(), durable: bytes.length });
      });
    },
    step,
    settle() {
      while (step());
    },
    get waiting() {
      return [...queues.values()].reduce((sum, queue) => sum + queue.length, 0);
    },
    get syncs() {
      return syncs;
    },
    fail(error) {
      failure = error;
    },
    crash(kept) {
      queues.clear();
      for (const file of files.values()) {
        const length = file.durable + Math.floor(kept * (file.bytes.length - file.durable));
        file.bytes = file.bytes.slice(0, length);
        file.durable = length;
      }
    },
    content: (name) => files.get(name)?.bytes.slice() ?? null,
    put(name, bytes) {
      files.set(name, { bytes: bytes.slice(), durable: bytes.length });
    },
  };
}
