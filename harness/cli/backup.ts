/**
 * The command `backup`: saves the content of a live cluster as of one moment, while the cluster goes on; and restores
 * it into a new cluster.
 *
 * @module
 */
import { createLiveClock } from "../../server/live_clock.ts";
import { MILLISECOND, SECOND } from "../../server/mod.ts";
import { memberStatus } from "../../server/node/join.ts";
import { type ClientValue, connectRespClient, type RespClient } from "../../server/redis/resp_client.ts";
import { Holdings } from "../../server/store/holdings.ts";
import { readSlice } from "../../server/store/store_slices.ts";
import { count } from "../report/report.ts";
import { BackupWriter, readBackup } from "./backup_file.ts";
import { type FlagSpec, parseFlags, UsageError } from "./flags.ts";
import { ACCESS_FLAGS, addressOf, clientTlsOf } from "./live_flags.ts";
import { passwordOf } from "./secret_file.ts";
import { CONFIG_FLAG, withSettings } from "./settings.ts";
import type { Terminal } from "./terminal.ts";

const FLAGS = {
  config: CONFIG_FLAG,
  at: {
    type: "string",
    default: "127.0.0.1:7001",
    value: "HOST:PORT",
    about: "the address at which any member serves clients",
  },
  ...ACCESS_FLAGS,
} as const satisfies FlagSpec;

/** The limits of one MSET, in bytes and keys. */
const BATCH_BYTES = 1 << 20;
const BATCH_KEYS = 1000;
/** How long a request is repeated while the node says to try again. */
const INSISTS = 30 * SECOND;

/** Saves or restores. */
export async function main(args: string[], terminal: Terminal): Promise<number> {
  const { flags, words } = parseFlags(withSettings(args, FLAGS, ["password-file"]), FLAGS);
  const [verb, path] = words;
  if (words.length !== 2 || path === undefined || (verb !== "save" && verb !== "restore")) {
    throw new UsageError("backup takes: save FILE | restore FILE");
  }
  const password = passwordOf(flags["password-file"]);
  const access = { address: addressOf("at", flags.at), password, tls: clientTlsOf(flags) };
  const client = connectRespClient(access);
  try {
    if (verb === "save") {
      const { cluster } = await memberStatus(access, access.address);
      terminal.out(`${await save(client, cluster, path)}\n`);
    } else terminal.out(`${await restore(client, path)}\n`);
    return 0;
  } finally {
    client.close();
  }
}

async function save(client: RespClient, cluster: string, path: string): Promise<string> {
  const [id, keys] = await ask(client, ["RAFT", "BACKUP", "BEGIN"]) as [number, number];
  const writer = new BackupWriter(path, { cluster, time: new Date().toISOString(), keys });
  try {
    for (;;) {
      const slice = await ask(client, ["RAFT", "BACKUP", "NEXT", `${id}`]) as string | null;
      if (slice === null) break;
      writer.add(Uint8Array.from(slice, (character) => character.charCodeAt(0)));
    }
    writer.finish();
  } catch (error) {
    writer.abandon();
    throw error;
  }
  return `saved ${count(keys, "key")} of cluster ${JSON.stringify(cluster)} to ${path}`;
}

async function restore(client: RespClient, path: string): Promise<string> {
  // First checks the whole file: restoring half a backup would be worse than nothing.
  const { cluster, time, keys } = await readBackup(path, () => {});
  const found = await ask(client, ["DBSIZE"]);
  if (found !== 0) {
    throw new UsageError(`A backup is restored into a new cluster, but this one holds ${count(Number(found), "key")}`);
  }
  await readBackup(path, (slice) => send(client, slice));
  return `restored ${count(keys, "key")} of cluster ${JSON.stringify(cluster)} as of ${time}`;
}

/** Writes the content of a slice. */
async function send(client: RespClient, slice: Uint8Array): Promise<void> {
  const held = new Holdings();
  readSlice(slice, held);
  let batch: string[] = [];
  let bytes = 0;
  const flush = async (): Promise<void> => {
    if (batch.length > 0) await ask(client, ["MSET", ...batch]);
    [batch, bytes] = [[], 0];
  };
  for (const [key, value] of held.entries()) {
    if (typeof value === "object") {
      await sendElements(client, key, value);
      continue;
    }
    const text = String(value);
    batch.push(key, text);
    bytes += key.length + text.length;
    if (bytes >= BATCH_BYTES || batch.length >= 2 * BATCH_KEYS) await flush();
  }
  await flush();
}

/** Redis's commands here have no lists and sets, so these are sent through `KAYA`. */
async function sendElements(client: RespClient, key: string, value: Iterable<unknown> & object): Promise<void> {
  const elements = [...value];
  const operations = value instanceof Set
    ? elements.map((element) => ({ f: "set-add", key, value: element }))
    : [{ f: "txn", value: elements.map((element) => ["append", key, element]) }];
  for (const operation of operations) {
    const text = JSON.stringify({ operation }).replace(
      /[\u0080-\uffff]/g,
      (character) => "\\u" + character.charCodeAt(0).toString(16).padStart(4, "0"),
    );
    const reply = JSON.parse(String(await ask(client, ["KAYA", text]))) as { type: string; error?: string };
    if (reply.type !== "ok") throw new Error(`Cannot restore a key: ${reply.error}`);
  }
}

/** Sends a request, and repeats it while the node says that nothing was done. */
async function ask(client: RespClient, args: readonly string[]): Promise<ClientValue> {
  const clock = createLiveClock();
  for (;;) {
    const value = await new Promise<ClientValue>((resolve, reject) => {
      client.call(args, (error, answer) => error === null ? resolve(answer) : reject(error));
    });
    if (!(value instanceof Error)) return value;
    if (!value.message.startsWith("TRYAGAIN ") || clock.now() > INSISTS) throw value;
    await new Promise<void>((resolve) => void clock.after(100 * MILLISECOND, resolve));
  }
}
