// Builds single files: deno task bundle [FOLDER] (out/bundle by default).
//
//     kaya-raft.mjs                       the whole command line, for Deno, Bun and Node 20 or newer
//     raft.mjs checker.mjs sim.mjs        doors for browsers, with their source maps
import { execFileSync } from "node:child_process";
import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";

const root = fileURLToPath(new URL("..", import.meta.url));
const out = process.argv[2] ?? join(root, "out", "bundle");
const ESBUILD = "esbuild@0.25.12";
/** Minifies what browsers load: its output is smaller by a twentieth than what esbuild minifies. */
const TERSER = "terser@5.51.4";

/** What terser may assume: getters have no effects, nobody asks for a function's length or makes one with `new`. */
const COMPRESS = "passes=3,unsafe_arrows,unsafe_methods,pure_getters,keep_fargs=false";

/** Runs before anything of the program: a Node that is too old says so in one line. */
const BANNER = `#!/usr/bin/env node
if (typeof process === "object" && Number(process.versions.node.split(".")[0]) < 20) {
  process.stderr.write("kaya-raft needs Node 20 or newer, and this is Node " + process.versions.node +
    ". This works: npx -y node@24 kaya-raft.mjs\\n");
  process.exit(254);
}`;

rmSync(out, { recursive: true, force: true });
mkdirSync(out, { recursive: true });
bundle("harness/main.ts", "kaya-raft.mjs", ["--platform=node", "--target=node20", `--banner:js=${BANNER}`]);
for (const [door, name] of [["raft/mod.ts", "raft"], ["checker/mod.ts", "checker"], ["harness/sim/mod.ts", "sim"]]) {
  bundle(door!, `${name}.mjs`, ["--platform=browser", "--target=es2022", "--minify", "--sourcemap"]);
}

function bundle(entry: string, name: string, flags: readonly string[]): void {
  const file = join(out, name);
  const args = [entry, "--bundle", "--format=esm", "--charset=utf8", "--log-level=warning"];
  run(ESBUILD, [...args, `--outfile=${file}`, ...flags], root);
  if (flags.includes("--platform=node")) writeFileSync(file, readFileSync(file), { mode: 0o755 });
  else {
    const map = `content=${name}.map,url=${name}.map`;
    run(TERSER, [name, "--module", "--ecma", "2022", "-c", COMPRESS, "-m", "--source-map", map, "-o", name], out);
  }
  const bytes = readFileSync(file);
  process.stdout.write(
    `${file}  ${kilobytes(bytes.length)}, ${kilobytes(gzipSync(bytes, { level: 9 }).length)} gzipped\n`,
  );
}

function run(program: string, args: readonly string[], folder: string): void {
  execFileSync("npx", ["-y", program, ...args], { cwd: folder, stdio: ["ignore", "ignore", "inherit"] });
}

function kilobytes(bytes: number): string {
  return `${(bytes / 1000).toFixed(1)} KB`;
}
