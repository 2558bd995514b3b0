// The sources of the project: their texts, what they import and what they export.
import { readdirSync, readFileSync } from "node:fs";
import { join, posix } from "node:path";
import { fileURLToPath } from "node:url";

export const root: string = fileURLToPath(new URL("../..", import.meta.url));

/** The rooms that are published. */
export const ROOMS = ["raft", "checker", "server", "harness"] as const;

/** A source file. */
export interface Source {
  /** From the root, with forward slashes. */
  readonly path: string;
  readonly text: string;
  /** What it imports and re-exports: a path from the root, or `node:` and a module's name. */
  readonly imports: readonly Import[];
  /** The names that it declares and exports. */
  readonly exports: readonly string[];
}

/** An import or a re-export of a file. */
export interface Import {
  readonly from: string;
  /** The names that are taken; `*` for all of them. */
  readonly names: readonly string[];
  readonly isReexport: boolean;
}

/** Every TypeScript file below a folder, as paths from the root. */
export function filesBelow(folder: string): string[] {
  return readdirSync(join(root, folder), { recursive: true, encoding: "utf8" })
    .map((name) => posix.join(folder, name.replaceAll("\\", "/")))
    .filter((path) => path.endsWith(".ts") && !path.includes("/node_modules/"))
    .sort();
}

/** Every published source, by its path. */
export function published(): Map<string, Source> {
  return sourcesOf(["mod.ts", ...ROOMS.flatMap(filesBelow)]);
}

/** Files with what they import and export, by their paths. */
export function sourcesOf(paths: readonly string[]): Map<string, Source> {
  return new Map(paths.map((path) => [path, sourceOf(path)]));
}

function sourceOf(path: string): Source {
  const text = readFileSync(join(root, path), "utf8");
  // Comments may show imports in their examples.
  const code = text.replace(/\/\*[\s\S]*?\*\//g, "").replace(/^\s*\/\/.*$/gm, "");
  return { path, text, imports: importsOf(path, code), exports: exportsOf(code) };
}

const STATEMENT = /^\s*(import|export)\s+(?:type\s+)?([^;"'`()]*?)\s*from\s*"([^"\n]+)"/gm;
const DYNAMIC = /\bimport\s*\(\s*"([^"\n]+)"\s*\)/g;

function importsOf(path: string, code: string): Import[] {
  const place = (specifier: string): string =>
    specifier.startsWith(".") ? posix.normalize(posix.join(posix.dirname(path), specifier)) : specifier;
  const fixed = [...code.matchAll(STATEMENT)].map(([, verb, clause, specifier]) => ({
    from: place(specifier!),
    names: namesOf(clause!),
    isReexport: verb === "export",
  }));
  const dynamic = [...code.matchAll(DYNAMIC)].map(([, specifier]) => ({
    from: place(specifier!),
    names: ["*"],
    isReexport: false,
  }));
  return [...fixed, ...dynamic];
}

function namesOf(clause: string): string[] {
  const braces = /\{([^}]*)\}/.exec(clause);
  if (braces === null) return ["*"];
  return braces[1]!.split(",").map((name) => name.trim().replace(/^type\s+/, "").split(/\s+as\s+/)[0]!).filter(Boolean);
}

const DECLARATION =
  /^export\s+(?:declare\s+)?(?:abstract\s+)?(?:async\s+)?(?:const|let|function\*?|class|interface|type)\s+([A-Za-z_$][\w$]*)/gm;

function exportsOf(code: string): string[] {
  return [...new Set([...code.matchAll(DECLARATION)].map((match) => match[1]!))];
}
