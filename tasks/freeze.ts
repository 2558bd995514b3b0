// Keeps the program of this release as one file, tests/data/builds/VERSION.mjs.gz: deno task freeze
//
// tests/server/node/two_versions_test.ts runs it in one cluster with later builds. A release is frozen once.
import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";
import { VERSION } from "../server/version.ts";

const root = fileURLToPath(new URL("..", import.meta.url));
const builds = join(root, "tests", "data", "builds");
const folder = mkdtempSync(join(tmpdir(), "kaya-freeze-"));
try {
  const file = join(folder, "program.mjs");
  const shape = ["--bundle", "--format=esm", "--charset=utf8", "--platform=node", "--target=node20", "--minify"];
  const args = ["-y", "esbuild@0.25.12", "harness/main.ts", ...shape, "--log-level=warning", `--outfile=${file}`];
  execFileSync("npx", args, { cwd: root, stdio: ["ignore", "ignore", "inherit"] });
  mkdirSync(builds, { recursive: true });
  const frozen = join(builds, `${VERSION}.mjs.gz`);
  writeFileSync(frozen, gzipSync(readFileSync(file), { level: 9 }));
  process.stdout.write(`${frozen}  ${(readFileSync(frozen).length / 1000).toFixed(0)} KB\n`);
} finally {
  rmSync(folder, { recursive: true, force: true });
}
