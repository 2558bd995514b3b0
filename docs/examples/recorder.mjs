// Records a history by hand: copy this file. One recorder serves all clients of one Node, Bun or Deno process.
//   const record = recorder("history.jsonl");
//   await record(0, { f: "write", key: "x", value: 1 }, () => store.put("x", 1));
import { appendFileSync, writeFileSync } from "node:fs";

/** What surely did not happen. Any other error, a timeout among them, may have happened. */
export class Failed extends Error {}

/** Makes a recorder: `perform(client, { f, key, value }, action)`. */
export function recorder(path, clients = 1000) {
  writeFileSync(path, "");
  const processes = new Map();
  const write = (event) =>
    appendFileSync(path, `${JSON.stringify({ time: Number(process.hrtime.bigint()), ...event })}\n`);
  return async (client, { f, key, value }, action) => {
    const number = processes.get(client) ?? client;
    write({ process: number, type: "invoke", f, key, value });
    try {
      const result = await action();
      write({ process: number, type: "ok", f, key, value: result === undefined ? value : result });
      return result;
    } catch (error) {
      const type = error instanceof Failed ? "fail" : "info";
      write({ process: number, type, f, key, value, error: error.message });
      // A process whose operation is of unknown outcome asks nothing any more: the client goes on as another.
      if (type === "info") processes.set(client, number + clients);
    }
  };
}
