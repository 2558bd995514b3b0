/**
 * Finds variables of the environment that are meant for this program and that nothing reads: `KAYA_PASSWROD` would
 * otherwise start a node without a password.
 *
 * @module
 */
import process from "node:process";
import { nearest, UsageError } from "./flags.ts";
import { variable } from "./secret_file.ts";

const PREFIX = "KAYA_";
/** The variables without a flag of their own. */
const SECRETS: readonly string[] = ["PASSWORD", "PASSWORD_FILE", "SECRET", "SECRET_FILE"];
/** Words of people who mean one of them. */
const SECRET_WORDS = /PASS|PWD|PSWD|AUTH|SECRE|SCRET|SERCET/;
/** Flags of the other commands for live clusters, and variables of tests that differ from a flag by a letter. */
const OTHERS: readonly string[] = ["AT", "JSON", "NODES", "PORT", "PEER_PORT", "NODE"];

/** The variable of a flag. */
export function variableOf(flag: string): string {
  return `${PREFIX}${flag.toUpperCase().replaceAll("-", "_")}`;
}

/**
 * Refuses a variable that resembles a known one, or names a password or a secret.
 *
 * @param flags The names of all flags that have a variable.
 * @returns The other unknown variables: they have no effect, and may belong to another program.
 * @throws {UsageError} The message names the variable, and the one that is probably meant.
 */
export function unknownVariables(flags: readonly string[]): string[] {
  const known = new Set([...flags.map(variableOf), ...[...SECRETS, ...OTHERS].map((name) => PREFIX + name)]);
  const unknown = givenVariables().filter((name) => !known.has(name)).sort();
  const names = [...known].map((name) => name.slice(PREFIX.length));
  for (const name of unknown) {
    const own = name.slice(PREFIX.length);
    const meant = nearest(own, names, PREFIX);
    if (meant !== "" || SECRET_WORDS.test(own)) throw new UsageError(`${name}: no flag has this variable${meant}`);
  }
  return unknown;
}

/** The variables of the environment that begin as this program's do. */
function givenVariables(): string[] {
  let names: string[];
  try {
    names = Object.keys(process.env);
  } catch {
    // Deno may permit reading these variables, but not listing them all.
    names = mistaken().filter((name) => variable(name) !== undefined);
  }
  return names.filter((name) => name.startsWith(PREFIX));
}

/** The secrets' names with one mistake: a letter too few, too many, wrong, or in its neighbour's place. */
function mistaken(): string[] {
  const letters = [..."ABCDEFGHIJKLMNOPQRSTUVWXYZ_", ""];
  const found = new Set(["PASS", "PASSWD", "PASSWD_FILE", "PWD", "PASSPHRASE", "AUTH", "SECRET_KEY"]);
  for (const name of SECRETS) {
    for (let at = 0; at <= name.length; at++) {
      const [before, behind] = [name.slice(0, at), name.slice(at)];
      for (const letter of letters) {
        found.add(before + letter + behind);
        found.add(before + letter + behind.slice(1));
      }
      if (behind.length > 1) found.add(before + behind[1] + behind[0] + behind.slice(2));
    }
  }
  return [...found].map((name) => PREFIX + name);
}
