/**
 * Translates the flags of Maelstrom's command line.
 *
 * @module
 */
import { DEFAULT_NODES } from "../../run/options.ts";

/** Maelstrom's names for our flags. */
const NAMES: Readonly<Record<string, string>> = { "--node-count": "--nodes", "-w": "--workload" };

/**
 * Translates Maelstrom's spellings into ours: `--node-count 3`, `-w echo`, and `--concurrency 2n`, which is twice the
 * number of nodes.
 */
export function respell(args: readonly string[]): readonly string[] {
  const named = args.map((arg) => {
    const [name, value] = arg.split(/=(.*)/s) as [string, string | undefined];
    const ours = Object.hasOwn(NAMES, name) ? NAMES[name]! : name;
    return value === undefined ? ours : `${ours}=${value}`;
  });
  const nodes = Number(valueOf(named, "--nodes") ?? DEFAULT_NODES);
  return named.map((arg, i) => {
    const text = arg.startsWith("--concurrency=") ? arg.slice("--concurrency=".length) : arg;
    const isConcurrency = text !== arg || named[i - 1] === "--concurrency";
    const found = isConcurrency ? /^(\d{1,6})n$/.exec(text) : null;
    if (found === null || !Number.isSafeInteger(nodes)) return arg;
    const clients = String(Number(found[1]) * nodes);
    return text === arg ? clients : `--concurrency=${clients}`;
  });
}

function valueOf(args: readonly string[], name: string): string | undefined {
  const inline = args.find((arg) => arg.startsWith(`${name}=`));
  if (inline !== undefined) return inline.slice(name.length + 1);
  const at = args.indexOf(name);
  return at < 0 ? undefined : args[at + 1];
}
