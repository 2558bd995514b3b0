// Debian's Chromium, driven by playwright-core, where both are installed: KAYA_PLAYWRIGHT names the module.
import { existsSync } from "node:fs";
import { createRequire } from "node:module";
import { mayUse, setting } from "../corpus.ts";

/** The part of playwright-core that the tests use. */
export interface Page {
  goto(url: string): Promise<unknown>;
  on(
    event: "console" | "pageerror",
    listener: (message: { type?(): string; text?(): string; message?: string }) => void,
  ): void;
  waitForSelector(selector: string, options?: { timeout: number }): Promise<unknown>;
  locator(selector: string): Locator;
  keyboard: { press(key: string): Promise<void> };
  mouse: { wheel(dx: number, dy: number): Promise<void>; move(x: number, y: number): Promise<void> };
  evaluate<T>(action: string): Promise<T>;
  screenshot(options: { path: string; fullPage?: boolean }): Promise<unknown>;
  setViewportSize(size: { width: number; height: number }): Promise<void>;
  emulateMedia(media: { colorScheme: "light" | "dark" }): Promise<void>;
  waitForTimeout(ms: number): Promise<void>;
  close(): Promise<void>;
}

/** Some elements of a page. */
export interface Locator {
  textContent(): Promise<string | null>;
  innerText(): Promise<string>;
  count(): Promise<number>;
  first(): Locator;
  fill(text: string): Promise<void>;
  click(): Promise<void>;
  inputValue(): Promise<string>;
  setInputFiles(files: string): Promise<void>;
  selectOption(value: string): Promise<unknown>;
  isVisible(): Promise<boolean>;
}

/** A browser. */
export interface Browser {
  newPage(): Promise<Page>;
  close(): Promise<void>;
}

const CHROMIUM = "/usr/bin/chromium";

/** Why browser tests are skipped: for the `skip` option of a test, `false` where they run. */
export const skipWithoutBrowser: string | false =
  mayUse("run") && mayUse("read") && setting("KAYA_PLAYWRIGHT", "") !== "" && existsSync(CHROMIUM)
    ? false
    : "needs Chromium, and KAYA_PLAYWRIGHT to name playwright-core";

/** Starts the browser, without anything that would look for a network. */
export async function launch(): Promise<Browser> {
  const { chromium } = createRequire(import.meta.url)(setting("KAYA_PLAYWRIGHT", ""));
  const quiet = ["--disable-quic", "--no-first-run", "--disable-background-networking", "--disable-component-update"];
  return await chromium.launch({
    executablePath: CHROMIUM,
    args: ["--no-sandbox", "--disable-gpu", "--disable-sync", ...quiet],
  });
}
