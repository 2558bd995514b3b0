// The page that needs no server, in a real browser.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { test } from "node:test";
import { fileURLToPath, pathToFileURL } from "node:url";
import { launch, type Page, skipWithoutBrowser as skip } from "./chromium.ts";

const root = fileURLToPath(new URL("../..", import.meta.url));
const isDeno = (globalThis as { Deno?: unknown }).Deno !== undefined;

async function visit(body: (page: Page, folder: string, url: string) => Promise<void>): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), "kaya-site-"));
  execFileSync(process.execPath, [...(isDeno ? ["run", "-A"] : []), join(root, "tasks", "site.ts"), folder]);
  const browser = await launch();
  try {
    const page = await browser.newPage();
    const problems: string[] = [];
    page.on("console", (message) => {
      if (message.type!() === "error") problems.push(message.text!());
    });
    page.on("pageerror", (error) => problems.push(error.message!));
    const url = pathToFileURL(join(folder, "index.html")).href;
    await page.goto(url);
    await page.waitForSelector("body[data-ready]");
    await body(page, folder, url);
    assert.deepEqual(problems, []);
  } finally {
    await browser.close();
    rmSync(folder, { recursive: true, force: true });
  }
}

test(
  "a history that is typed or chosen as a file is judged and drawn; other text is refused in one line",
  { skip },
  () =>
    visit(async (page, folder) => {
      await page.locator("form button").first().click();
      await page.waitForSelector("main[data-ready]");
      assert.match(await page.locator(".word").innerText(), /invalid/);
      assert.match(await page.locator(".why .first").innerText(), /returned 0/);

      const event = (process: number, type: string, value: number): string =>
        JSON.stringify({ process, type, f: "write", value });
      writeFileSync(join(folder, "fine.jsonl"), `${event(0, "invoke", 1)}\n${event(0, "ok", 1)}\n`);
      await page.locator("#file").setInputFiles(join(folder, "fine.jsonl"));
      await page.waitForTimeout(500);
      assert.match(await page.locator(".word").innerText(), /^\S valid/);

      await page.locator("#history").fill("this is no history");
      await page.locator("form button").first().click();
      await page.waitForTimeout(300);
      assert.match(await page.locator("#said").innerText(), /history/);
    }),
);

test(
  "a run of the simulator is made in the browser, and its link makes it again",
  { skip },
  () =>
    visit(async (page, _, url) => {
      await page.locator("#reads").selectOption("local");
      await page.locator("#seconds").fill("10");
      await page.locator("#simulator button").first().click();
      await page.waitForSelector("main[data-ready]", { timeout: 60_000 });
      const first = await page.locator("header").innerText();
      assert.match(first, /seed 1/);
      const link = await page.evaluate<string>("document.querySelector('#simulator a').href");

      await page.goto("about:blank");
      await page.goto(`${url}${new URL(link).hash}`);
      await page.waitForSelector("main[data-ready]", { timeout: 60_000 });

      const history = /history\s+([0-9a-f]{16})/;
      assert.equal(history.exec(await page.locator("header").innerText())![1], history.exec(first)![1]);
    }),
);
