/**
 * A page that needs no server: judges histories that are dropped on it, and runs the simulator.
 *
 * @module
 */
/// <reference lib="dom" />
import * as checker from "../../checker/mod.ts";
import { FAULT_KINDS } from "../nemesis/faults.ts";
import { DEFAULT_OPTIONS, type RunOptions } from "../run/options.ts";
import { WORKLOADS } from "../workloads/workloads.ts";
import { element } from "../report/view/dom.ts";
import { show } from "../report/view/main.ts";
import { bytesOf, pageOfBytes } from "./judge.ts";
import { simulated } from "./simulate.ts";

const EXAMPLE = [
  '{"process":0,"type":"invoke","f":"write","value":1}',
  '{"process":0,"type":"ok","f":"write","value":1}',
  '{"process":1,"type":"invoke","f":"read"}',
  '{"process":1,"type":"ok","f":"read","value":0}',
].join("\n");

const said = element("p", { role: "status", class: "note", id: "said" });

function say(text: string, isWrong = false): void {
  said.textContent = text;
  said.className = isWrong ? "note wrong" : "note";
}

function judgeForm(): HTMLElement {
  const text = element("textarea", { rows: "6", id: "history", "aria-label": "A history, one event per line" });
  text.value = EXAMPLE;
  const names = [...new Set([...checker.MODEL_NAMES, ...checker.TRANSACTION_MODELS])];
  const model = element(
    "select",
    { id: "model", "aria-label": "What it is held against" },
    element("option", { value: "" }, "find out what it is"),
    ...names.map((name) => element("option", { value: name }, name)),
  );
  const file = element("input", { type: "file", id: "file", "aria-label": "A file with a history" });
  const button = element("button", { type: "submit" }, "Judge");
  const judge = (name: string, bytes: Uint8Array): void => {
    say(`Judging ${name} ...`);
    // Shows a message first, because judging may take a while.
    setTimeout(() => {
      try {
        show(pageOfBytes(name, bytes, model.value));
        say("");
      } catch (error) {
        say((error as Error).message, true);
      }
    }, 20);
  };
  const judgeFile = async (dropped: File): Promise<void> => {
    const bytes = await bytesOf(dropped);
    if (bytes.length < 100_000) text.value = new TextDecoder().decode(bytes);
    judge(dropped.name, bytes);
  };
  file.addEventListener("change", () => {
    if (file.files?.[0] !== undefined) void judgeFile(file.files[0]);
  });
  addEventListener("dragover", (event) => event.preventDefault());
  addEventListener("drop", (event) => {
    event.preventDefault();
    const [dropped] = event.dataTransfer?.files ?? [];
    if (dropped !== undefined) void judgeFile(dropped);
  });
  const made = element(
    "form",
    { "aria-label": "Judge a history" },
    element("h2", {}, "Judge a history"),
    element(
      "p",
      { class: "note" },
      "Drop a file anywhere on this page, choose one, or type one event per line. Nothing leaves your browser.",
    ),
    text,
    element("div", { class: "controls" }, file, model, button),
  );
  made.addEventListener("submit", (event) => {
    event.preventDefault();
    judge("history", new TextEncoder().encode(text.value));
  });
  return made;
}

/** The fields of the simulator's form, with their initial values. */
const FIELDS: Readonly<Record<string, { readonly value: string; readonly options?: readonly string[] }>> = {
  seed: { value: "1" },
  nodes: { value: "5" },
  nemesis: { value: "partition", options: [...FAULT_KINDS, "partition,kill", "all"] },
  workload: { value: "kv", options: Object.keys(WORKLOADS) },
  reads: { value: "index", options: ["index", "lease", "log", "local"] },
  seconds: { value: "30" },
};

function simulatorForm(): HTMLElement {
  const inputs = new Map(
    Object.entries(FIELDS).map(([name, { value, options }]) => {
      const attributes = { id: name, "aria-label": name };
      const input = options === undefined
        ? element("input", { ...attributes, type: "number", min: name === "seed" ? "0" : "1", value })
        : element("select", attributes, ...options.map((each) => element("option", { value: each }, each)));
      input.value = value;
      return [name, input];
    }),
  );
  const run = element("button", { type: "submit" }, "Run");
  const stop = element("button", { type: "button", disabled: "" }, "Stop");
  const link = element("a", { href: "#", hidden: "" }, "link to this run");
  const labels = [...inputs].map(([name, input]) => element("label", { class: "field" }, `${name} `, input));
  const made = element(
    "form",
    { id: "simulator", "aria-label": "Run the simulator" },
    element("h2", {}, "Run the simulator"),
    element(
      "p",
      { class: "note" },
      "The same fields repeat the run byte for byte. Local reads are not linearizable, and the check finds it.",
    ),
    element("div", { class: "controls" }, ...labels, run, stop, link),
  );
  let running: AbortController | null = null;
  stop.addEventListener("click", () => running?.abort());
  made.addEventListener("submit", async (event) => {
    event.preventDefault();
    running?.abort();
    const abort = running = new AbortController();
    stop.disabled = false;
    const values = Object.fromEntries([...inputs].map(([name, { value }]) => [name, value]));
    link.href = `#${new URLSearchParams({ run: "1", ...values })}`;
    link.hidden = false;
    try {
      const outcome = await simulated(
        optionsOf(values),
        abort.signal,
        (share) => say(`${Math.round(share * 100)} % simulated`),
      );
      if (outcome === null) say("Stopped.");
      else {
        show(outcome.page);
        say(`Simulated ${Math.round(outcome.speed)} times as fast as real time.`);
      }
    } catch (error) {
      say((error as Error).message, true);
    }
    if (running === abort) stop.disabled = true;
  });
  return made;
}

function optionsOf({ seed, nodes, nemesis, workload, reads, seconds }: Record<string, string>): RunOptions {
  const whole = (name: string, text: string | undefined, least: number, most: number): number => {
    const number = Number(text);
    if (Number.isSafeInteger(number) && number >= least && number <= most) return number;
    throw new RangeError(`${name} takes a whole number from ${least} to ${most}`);
  };
  return {
    ...DEFAULT_OPTIONS,
    seed: whole("seed", seed, 0, Number.MAX_SAFE_INTEGER),
    nodes: whole("nodes", nodes, 1, 9),
    nemesis: nemesis!,
    workload: workload!,
    timeLimit: whole("seconds", seconds, 1, 600),
    flags: reads === "index" ? {} : { reads },
  };
}

/** Fills in the form from the link to a run, and runs it. */
function followLink(): void {
  const read = (): void => {
    const parts = new URLSearchParams(location.hash.slice(1));
    if (!parts.has("run")) return;
    for (const name of Object.keys(FIELDS)) {
      const input = document.querySelector<HTMLInputElement>(`#${name}`);
      const value = parts.get(name);
      if (input !== null && value !== null) input.value = value;
    }
    document.querySelector<HTMLFormElement>("#simulator")!.requestSubmit();
  };
  read();
  addEventListener("hashchange", read);
}

document.querySelector("#forms")!.append(judgeForm(), simulatorForm(), said);
document.body.setAttribute("data-ready", "true");
followLink();
