// Builds the page that judges histories and runs the simulator without a server: deno task site [FOLDER] (out/site by default).
import { execFileSync } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";
import { STYLE } from "../harness/report/page/script.ts";

const root = fileURLToPath(new URL("..", import.meta.url));
const out = process.argv[2] ?? join(root, "out", "site");
const file = join(out, "index.html");

const flags = ["--bundle", "--minify", "--format=esm", "--platform=browser", "--charset=ascii", "--target=es2022"];
const script = execFileSync("npx", ["-y", "esbuild@0.25.12", "harness/site/main.ts", ...flags], {
  cwd: root,
  encoding: "utf8",
  maxBuffer: 1 << 26,
  stdio: ["ignore", "pipe", "inherit"],
});
const own =
  `form { border: 1px solid var(--rule); border-radius: 8px; padding: 10px 16px; margin: 10px 0; background: var(--panel); }
textarea { width: 100%; font: 13px ui-monospace, monospace; color: inherit; background: var(--page); border: 1px solid var(--muted); border-radius: 5px; }
.field { color: var(--muted); } .field input { width: 8ch; } .wrong { color: var(--bad-text); font-size: 14px; } #forms { max-width: 1500px; margin: 0 auto; padding: 10px 20px 0; }`;
const html = `<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'">
<title>kaya-raft: judge a history, break a cluster</title>
<style>${STYLE}
${own}</style>
</head>
<body>
<div id="forms"><h1>kaya-raft: judge a history, break a cluster</h1></div>
<main></main>
<script type="module">${script.replaceAll("</script", "<\\/script")}</script>
</body>
</html>
`;
mkdirSync(out, { recursive: true });
writeFileSync(file, html);
const sizes = [html.length, gzipSync(html).length].map((bytes) => `${(bytes / 1000).toFixed(0)} KB`);
process.stdout.write(`${file}  ${sizes[0]}, ${sizes[1]} gzipped\n`);
