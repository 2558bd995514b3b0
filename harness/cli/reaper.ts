/**
 * The hidden command `reaper`: a separate process that cleans up after a harness, however the harness ends. It reads
 * from its standard input what there is to clean up. When the input ends, because the harness has closed it or has
 * died, the reaper kills the processes and removes the folders.
 *
 *     process PID [MARK] | gone PID | folder PATH
 *
 * A process is the root of a family, whose members have the mark in their environment.
 *
 * @module
 */
import { rmSync } from "node:fs";
import process from "node:process";
import { killFamily } from "../rig/family.ts";

/** Runs the command, until its input ends. */
export function main(): Promise<number> {
  /** The mark of each process. */
  const processes = new Map<number, string>();
  const folders = new Set<string>();
  let held = "";
  const take = (line: string): void => {
    const at = line.indexOf(" ");
    const [verb, object] = [line.slice(0, at), line.slice(at + 1)];
    if (verb === "process") {
      const [pid = "", ...mark] = object.split(" ");
      processes.set(Number(pid), mark.join(" "));
    } else if (verb === "gone") processes.delete(Number(object));
    else if (verb === "folder") folders.add(object);
  };
  // A Ctrl-C at the terminal reaches all processes there, but this process still has to clean up.
  process.on("SIGINT", () => {});
  process.stdin.setEncoding("utf8");
  process.stdin.on("data", (text: string) => {
    const lines = (held + text).split("\n");
    held = lines.pop()!;
    for (const line of lines) take(line);
  });
  return new Promise((resolve) => {
    const end = (): void => {
      cleanUp(processes, folders);
      resolve(0);
    };
    process.stdin.on("end", end);
    process.stdin.on("error", end);
  });
}

function cleanUp(processes: ReadonlyMap<number, string>, folders: ReadonlySet<string>): void {
  for (const [root, mark] of processes) killFamily({ root, mark });
  for (const folder of folders) rmSync(folder, { recursive: true, force: true, maxRetries: 5, retryDelay: 100 });
}
