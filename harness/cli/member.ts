/**
 * The command `member`: shows a live cluster's members and changes them.
 *
 * @module
 */
import { memberStatus } from "../../server/node/join.ts";
import type { StatusObject } from "../../server/node/node_status.ts";
import { parseAddress } from "../../server/peer/peer_options.ts";
import { askOnce } from "../../server/redis/resp_client.ts";
import { type FlagSpec, parseFlags, UsageError } from "./flags.ts";
import { ACCESS_FLAGS, addressOf, clientTlsOf, memberIdOf } from "./live_flags.ts";
import { passwordOf } from "./secret_file.ts";
import { CONFIG_FLAG, withSettings } from "./settings.ts";
import { columns } from "../report/columns.ts";
import { count, grouped } from "../report/report.ts";
import type { Terminal } from "./terminal.ts";

const FLAGS = {
  config: CONFIG_FLAG,
  at: {
    type: "string",
    default: "127.0.0.1:7001",
    value: "HOST:PORT",
    about: "the address at which any member serves clients",
  },
  json: { type: "boolean", about: "print the status as JSON" },
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
    terminal.out(flags.json ? `${JSON.stringify(status)}\n` : statusInWords(status));
    return 0;
  }
  terminal.out(`${String(await askOnce(access, command))}\n`);
  return 0;
}

/** The status of a member for people: a paragraph about itself, and a line for each member as it knows them. */
export function statusInWords(status: StatusObject): string {
  const { id, cluster, role, term, leader, commitIndex, appliedIndex, lastIndex, keys } = status;
  const led = leader === null ? "no leader is known" : leader === id ? "it leads" : `node ${leader} leads`;
  const rows = Object.entries(status.members).sort(([a], [b]) => Number(a) - Number(b)).map(
    ([member, address]): [string, string] => {
      const number = Number(member);
      const has = status.matchIndex[member];
      const said = [
        partOf(number, status),
        address,
        ...(has === undefined ? [] : [`has the log up to ${grouped(has)}`]),
        ...(number === leader ? ["leader"] : []),
      ];
      return [`node ${member}`, said.join(", ")];
    },
  );
  return `node ${id} of cluster ${cluster}: ${role} in term ${term}; ${led}\n` +
    `log up to ${grouped(lastIndex)}, committed up to ${grouped(commitIndex)}, ` +
    `applied up to ${grouped(appliedIndex)}; ${count(keys, "key")}\n${columns(rows)}`;
}

/** The part of a member in the configuration. */
function partOf(id: number, { voters, votersOutgoing, learners }: StatusObject): string {
  if (voters.includes(id)) return votersOutgoing.length > 0 && !votersOutgoing.includes(id) ? "new voter" : "voter";
  if (votersOutgoing.includes(id)) return "voter until the change is complete";
  return learners.includes(id) ? "learner" : "no member any more";
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
