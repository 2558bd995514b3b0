/**
 * Latency and rate over time, with the faults in the background: the whole run, and the position of the timeline's
 * window.
 *
 * @module
 */
/// <reference lib="dom" />
import type { PageData } from "../page/data.ts";
import { Canvas, type Colours } from "./canvas.ts";
import { duration, element, folded, seconds, table } from "./dom.ts";
import type { Store } from "./store.ts";

const LEFT = 84;
const RATE_HEIGHT = 44;
const LATENCY_HEIGHT = 56;

/** The events in one span of time. */
interface Bucket {
  readonly counts: [ok: number, fail: number, info: number];
  /** The latencies of the answered operations, in microseconds. */
  readonly latencies: number[];
}

/** The overview's section. */
export function overview(store: Store): HTMLElement {
  const { data } = store;
  const buckets = bucketsOf(data, 240);
  const canvas = new Canvas("Rate and latency over time", RATE_HEIGHT + LATENCY_HEIGHT + 22, (context, colours) => {
    draw(context, colours, { store, buckets, canvas });
  });
  // The window moves at every frame while zooming; the drawing below it does not change.
  const frame = element("div", { class: "window" });
  const place = (): void => {
    const width = canvas.width - LEFT - 8;
    const x = (time: number): number => LEFT + (Math.min(Math.max(time, 0), data.end) / Math.max(1, data.end)) * width;
    frame.style.left = `${x(store.start)}px`;
    frame.style.width = `${Math.max(3, x(store.end) - x(store.start))}px`;
  };
  store.listen((events) => {
    if (events.has("view")) place();
  });
  new ResizeObserver(place).observe(canvas.element);
  let from: number | null = null;
  const timeAt = (x: number): number => ((x - LEFT) / (canvas.width - LEFT - 8)) * data.end;
  canvas.element.addEventListener("pointerdown", (event) => {
    from = timeAt(event.offsetX);
    canvas.element.setPointerCapture(event.pointerId);
  });
  canvas.element.addEventListener("pointermove", (event) => {
    if (from === null) return;
    const to = timeAt(event.offsetX);
    if (Math.abs(to - from) > data.end / 300) store.show(Math.min(from, to), Math.max(from, to));
  });
  canvas.element.addEventListener("pointerup", (event) => {
    const to = timeAt(event.offsetX);
    if (from !== null && Math.abs(to - from) <= data.end / 300) {
      const half = (store.end - store.start) / 2;
      store.show(to - half, to + half);
    }
    from = null;
  });
  return element(
    "section",
    { "aria-label": "Rate and latency" },
    element("h2", {}, "Rate and latency"),
    element("div", { class: "overview" }, canvas.element, frame),
    folded("The same as a table", () => bucketTable(data)),
  );
}

/** Groups operations by the time of their invocations. */
function bucketsOf({ operations, end }: PageData, count: number): Bucket[] {
  const buckets: Bucket[] = Array.from({ length: count }, () => ({ counts: [0, 0, 0], latencies: [] }));
  operations.start.forEach((start, place) => {
    const bucket = buckets[Math.min(count - 1, Math.floor((start / Math.max(1, end)) * count))]!;
    bucket.counts[operations.outcome[place] as 0 | 1 | 2]++;
    const until = operations.end[place]!;
    if (until >= 0 && operations.outcome[place] === 0) bucket.latencies.push(until - start);
  });
  for (const { latencies } of buckets) latencies.sort((a, b) => a - b);
  return buckets;
}

function draw(
  context: CanvasRenderingContext2D,
  colours: Colours,
  { store, buckets, canvas }: { store: Store; buckets: readonly Bucket[]; canvas: Canvas },
): void {
  const { data } = store;
  const width = canvas.width - LEFT - 8;
  const x = (time: number): number => LEFT + (time / Math.max(1, data.end)) * width;
  const bottom = RATE_HEIGHT + LATENCY_HEIGHT + 6;
  for (const { start, end } of data.faults) {
    context.fillStyle = colours("fault");
    context.fillRect(x(start), 0, Math.max(1, x(end < 0 ? data.end : end) - x(start)), bottom);
  }
  const step = width / buckets.length;
  const most = Math.max(1, ...buckets.map(({ counts }) => counts[0] + counts[1] + counts[2]));
  buckets.forEach(({ counts }, i) => {
    let y = RATE_HEIGHT;
    (["ok", "fail", "info"] as const).forEach((name, outcome) => {
      const height = (counts[outcome]! / most) * (RATE_HEIGHT - 4);
      context.fillStyle = colours(`${name}-bar`);
      context.fillRect(LEFT + i * step, y - height, Math.max(1, step - 0.5), height);
      y -= height;
    });
  });
  drawLatencies(context, colours, buckets, step);
  const perSecond = Math.round(most / (Math.max(1, data.end) / buckets.length / 1e6));
  context.fillStyle = colours("muted");
  context.font = "11px system-ui, sans-serif";
  context.fillText(`${perSecond}/s`, 8, 10);
  context.fillText("rate", 8, RATE_HEIGHT - 8);
  const { low, high } = latencyRange(buckets);
  context.fillText(duration(Math.round(high)), 8, RATE_HEIGHT + 12);
  context.fillText("latency", 8, RATE_HEIGHT + LATENCY_HEIGHT / 2 + 4);
  context.fillText(duration(Math.round(low)), 8, RATE_HEIGHT + LATENCY_HEIGHT);
  context.fillText(seconds(0, 0), LEFT, bottom + 9);
  context.fillText(seconds(data.end, 1), LEFT + width - 34, bottom + 9);
  if (data.why !== null && data.why.culprit >= 0 && data.head.word === "invalid") {
    context.fillStyle = colours("bad");
    context.fillRect(x(data.operations.start[data.why.culprit]!) - 1, 0, 3, bottom);
  }
}

function latencyRange(buckets: readonly Bucket[]): { low: number; high: number } {
  const known = buckets.filter(({ latencies }) => latencies.length > 0);
  const low = Math.max(1, Math.min(...known.map(({ latencies }) => latencies[0]!)));
  return { low, high: Math.max(low * 2, ...known.map(({ latencies }) => latencies.at(-1)!)) };
}

/**
 * Draws latencies on a logarithmic scale: a thin bar from the shortest to the longest, a thick one for the middle half.
 */
function drawLatencies(
  context: CanvasRenderingContext2D,
  colours: Colours,
  buckets: readonly Bucket[],
  step: number,
): void {
  const { low, high } = latencyRange(buckets);
  const y = (latency: number): number =>
    RATE_HEIGHT + 6 + LATENCY_HEIGHT * (1 - Math.log(Math.max(low, latency) / low) / Math.log(high / low));
  buckets.forEach(({ latencies }, i) => {
    if (latencies.length === 0) return;
    const at = (share: number): number => latencies[Math.floor(share * (latencies.length - 1))]!;
    const x = LEFT + (i + 0.5) * step;
    context.fillStyle = colours("latency-range");
    context.fillRect(x - 0.5, y(at(1)), 1, Math.max(1, y(at(0)) - y(at(1))));
    context.fillStyle = colours("latency");
    context.fillRect(x - step / 2 + 0.25, y(at(0.75)), Math.max(1, step - 0.5), Math.max(2, y(at(0.25)) - y(at(0.75))));
  });
}

function bucketTable(data: PageData): HTMLElement {
  const buckets = bucketsOf(data, 20);
  const length = data.end / buckets.length;
  return table(
    "Operations by the time of their invocation; latencies of the successful ones",
    ["from", "ok", "failed", "unknown", "median", "95 %", "longest"],
    buckets.map(({ counts, latencies }, i) => {
      const at = (share: number): string =>
        latencies.length === 0 ? "" : duration(latencies[Math.floor(share * (latencies.length - 1))]!);
      return [seconds(i * length, 1), ...counts.map(String), at(0.5), at(0.95), at(1)];
    }),
  );
}
