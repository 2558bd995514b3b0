/**
 * The hidden command `dialler`: a separate process that finds out which process has made a connection or sent a
 * datagram, so the harness does not wait for the kernel's tables.
 *
 *     in    ID tcp|udp LOCAL_PORT REMOTE_PORT PID PID ...
 *     out   ID PID, or ID 0 for nobody
 *
 * @module
 */
import process from "node:process";
import { type Accepted, diallerOf } from "../rig/dialler.ts";

/** Runs the command, until its input ends. */
export function main(): Promise<number> {
  let held = "";
  process.on("SIGINT", () => {});
  process.stdin.setEncoding("utf8");
  process.stdin.on("data", (text: string) => {
    const lines = (held + text).split("\n");
    held = lines.pop()!;
    for (const line of lines) process.stdout.write(`${answer(line)}\n`);
  });
  return new Promise((resolve) => {
    process.stdin.on("end", () => resolve(0));
    process.stdin.on("error", () => resolve(0));
  });
}

function answer(line: string): string {
  const [id, protocol, ...numbers] = line.split(" ");
  const [localPort, remotePort, ...pids] = numbers.map(Number);
  const accepted = { protocol: protocol === "udp" ? protocol : "tcp", localPort: localPort!, remotePort: remotePort! };
  const pid = diallerOf(accepted as Accepted, new Set(pids));
  return `${id} ${pid ?? 0}`;
}
