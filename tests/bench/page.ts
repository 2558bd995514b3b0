// How long a large page takes to open, and a frame while zooming and sliding: node tests/bench/page.ts
//
// KAYA_PLAYWRIGHT names playwright-core. Frames are what Chromium's tracing calls FireAnimationFrame, and the scripts, styles and paints with it.
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import process from "node:process";
import { documentOf } from "../../harness/report/page/document.ts";
import { bigPage } from "../browser/big_page.ts";

const [operations, messages] = [Number(process.argv[2] ?? 100_000), Number(process.argv[3] ?? 500_000)];
const folder = mkdtempSync(join(tmpdir(), "kaya-page-"));
const file = join(folder, "big.html");
const began = performance.now();
const text = documentOf(bigPage(operations, messages));
writeFileSync(file, text);
process.stdout.write(
  `${operations} operations, ${messages} messages: ${(text.length / 1e6).toFixed(1)} MB, made in ${
    Math.round(performance.now() - began)
  } ms\n`,
);

const { chromium } = createRequire(import.meta.url)(process.env["KAYA_PLAYWRIGHT"]!);
const args = ["--no-sandbox", "--disable-quic", "--no-first-run", "--disable-background-networking"];
const browser = await chromium.launch({ executablePath: "/usr/bin/chromium", args });
const page = await browser.newPage({ viewport: { width: 1280, height: 800 } });
const opened = performance.now();
await page.goto(pathToFileURL(file).href);
await page.waitForSelector("main[data-ready]", { timeout: 60_000 });
await page.evaluate("new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))");
process.stdout.write(`opened in ${Math.round(performance.now() - opened)} ms\n`);

const trace = join(folder, "trace.json");
await browser.startTracing(page, { path: trace, categories: ["devtools.timeline"] });
for (let i = 0; i < 40; i++) await page.keyboard.press(i % 20 < 12 ? "+" : "-");
for (let i = 0; i < 60; i++) await page.keyboard.press("ArrowRight");
for (let i = 0; i < 20; i++) await page.keyboard.press("Shift+ArrowRight");
await browser.stopTracing();
await browser.close();
const { traceEvents } = JSON.parse(readFileSync(trace, "utf8")) as { traceEvents: { name: string; dur?: number }[] };
const frames = traceEvents.filter(({ name }) => name === "FireAnimationFrame").map(({ dur = 0 }) => dur / 1000)
  .sort((a, b) => a - b);
const at = (share: number): string => frames[Math.floor(share * (frames.length - 1))]!.toFixed(1);
process.stdout.write(`${frames.length} frames: median ${at(0.5)} ms, 95 % ${at(0.95)} ms, longest ${at(1)} ms\n`);
rmSync(folder, { recursive: true, force: true });
