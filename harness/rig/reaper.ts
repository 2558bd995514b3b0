/**
 * A process of its own that cleans up after a harness, however that ends: it reads what there is to clean up from its standard input, and when that ends,
 * because the harness has closed it or is no more, it ends the processes and removes the folders.
 *
 *     process PID | gone PID | folder PATH
 *
 * @module
 */
import { rmSync } from "node:fs";
import process from "node:process";

const processes = new Set<number>();
const folders = new Set<string>();
let held = "";

process.stdin.setEncoding("utf8");
process.stdin.on("data", (text: string) => {
  const lines = (held + text).split("\n");
  held = lines.pop()!;
  for (const line of lines) take(line);
});
process.stdin.on("end", cleanUp);
process.stdin.on("error", cleanUp);
// A Ctrl-C at the terminal reaches everybody there; this process has work to do after it.
process.on("SIGINT", () => {});

function take(line: string): void {
  const at = line.indexOf(" ");
  const [verb, object] = [line.slice(0, at), line.slice(at + 1)];
  if (verb === "process") processes.add(Number(object));
  else if (verb === "gone") processes.delete(Number(object));
  else if (verb === "folder") folders.add(object);
}

function cleanUp(): void {
  for (const pid of processes) {
    try {
      process.kill(pid, "SIGKILL");
    } catch {
      // It has ended by itself.
    }
  }
  for (const folder of folders) rmSync(folder, { recursive: true, force: true, maxRetries: 5, retryDelay: 100 });
  process.exit(0);
}
