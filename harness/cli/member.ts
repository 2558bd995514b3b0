/**
 * The command `member`: shows a live cluster's members and changes them.
 *
 * @module
 */
import { memberStatus } from "../../server/node/join.ts";
import { parseAddress } from "../../server/peer/peer_options.ts";
import { askOnce } from "../../server/redis/resp_client.ts";
import { type FlagSpec, parseFlags, UsageError } from "./flags.ts";
import { ACCESS_FLAGS, addressOf, clientTlsOf, memberIdOf } from "./live_flags.ts";
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

const USAGE = "member takes: status | add ID HOST:PORT | remove ID | replace ID BY HOST:PORT | transfer [ID]";

/** Sends the command to a member, and prints the answer. */
export async function main(args: string[], terminal: Terminal): Promise<number> {
  const { flags, words } = parseFlags(withSettings(args, FLAGS, ["password-file"]), FLAGS);
  const command = commandOf(words);
  const password = passwordOf(flags["password-file"]);
  const access = { address: addressOf("at", flags.at), password, tls: clientTlsOf(flags) };
  if (command === null) {
    const status = await memberStatus(access, access.address);
    terminal.out(`${JSON.stringify(status, null, 2)}\n`);
    return 0;
  }
  terminal.out(`${String(await askOnce(access, command))}\n`);
  return 0;
}

/** The node's command for the given words; `null` for `status`. */
function commandOf([verb = "status", ...rest]: readonly string[]): string[] | null {
  const counts: Readonly<Record<string, readonly number[]>> = {
    status: [0],
    add: [2],
    remove: [1],
    replace: [3],
    transfer: [0, 1],
  };
  if (!(counts[verb] ?? []).includes(rest.length)) throw new UsageError(USAGE);
  if (verb === "status") return null;
  const ids = verb === "replace" ? rest.slice(0, 2) : rest.slice(0, 1);
  for (const id of ids) memberIdOf(`member ${verb}`, id);
  const address = rest[ids.length];
  if (address !== undefined) assertAddress(address);
  return ["RAFT", verb.toUpperCase(), ...rest];
}

function assertAddress(text: string): void {
  try {
    if (parseAddress(text).port > 0) return;
  } catch (error) {
    throw new UsageError((error as Error).message);
  }
  throw new UsageError(`Port 0 cannot be connected to, as in ${JSON.stringify(text)}`);
}
