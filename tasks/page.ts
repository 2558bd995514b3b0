// Bundles the report's script and style sheet into harness/report/page/script.ts: deno task page [--check].
//
// With --check it writes nothing, and fails where the committed module is not what the sources make.
import { execFileSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("..", import.meta.url));
const target = join(root, "harness", "report", "page", "script.ts");

const script = bundled("harness/report/view/boot.ts", "esm");
const style = bundled("harness/report/view/style.css", null);
const text = `// Made by \`deno task page\` from harness/report/view. Do not edit.
// deno-fmt-ignore-file

/** The page's script: a module. */
export const SCRIPT: string = ${literal(script)};

/** The page's style sheet. */
export const STYLE: string = ${literal(style)};
`;

if (!process.argv.includes("--check")) writeFileSync(target, text);
else if (readFileSync(target, "utf8") !== text) {
  process.stderr.write("harness/report/page/script.ts is not what its sources make: run deno task page\n");
  process.exitCode = 1;
}

function bundled(entry: string, format: string | null): string {
  const flags = ["--bundle", "--minify", "--charset=ascii", "--target=es2022,chrome110,firefox115,safari16.4"];
  const args = ["-y", "esbuild@0.25.12", entry, ...flags, ...(format === null ? [] : [`--format=${format}`])];
  return execFileSync("npx", args, { cwd: root, encoding: "utf8", stdio: ["ignore", "pipe", "inherit"] }).trim();
}

/** A text as a literal on lines that are not too long; no end of a script element stands in it. */
function literal(text: string): string {
  const parts = text.match(/[\s\S]{1,96}/g) ?? [""];
  return `[\n${parts.map((part) => `  ${JSON.stringify(part).replaceAll("</", "<\\/")},`).join("\n")}\n].join("")`;
}
