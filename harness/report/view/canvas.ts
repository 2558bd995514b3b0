/**
 * A canvas in the screen's resolution and the page's colours.
 *
 * @module
 */
/// <reference lib="dom" />
import { element } from "./dom.ts";

/** The colours of the page, by their names in the style sheet. */
export type Colours = (name: string) => string;

/** A drawing that fits the available width. */
export class Canvas {
  readonly element: HTMLCanvasElement;
  /** The size in CSS pixels. */
  width = 0;
  height: number;
  readonly #draw: (context: CanvasRenderingContext2D, colours: Colours) => void;
  #colours = new Map<string, string>();

  constructor(
    label: string,
    height: number,
    draw: (context: CanvasRenderingContext2D, colours: Colours) => void,
  ) {
    this.height = height;
    this.#draw = draw;
    this.element = element("canvas", { role: "img", "aria-label": label, tabindex: "0" });
    new ResizeObserver(() => {
      this.#fit();
      this.redraw();
    }).observe(this.element);
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => {
      this.#colours = new Map();
      this.redraw();
    });
  }

  /**
   * Takes its width from the page. Frames do not do this, because reading the width makes the browser lay out the page.
   */
  #fit(): void {
    this.width = this.element.clientWidth;
  }

  /** Draws everything again. */
  redraw(): void {
    const ratio = devicePixelRatio;
    if (this.width === 0) this.#fit();
    if (this.width === 0) return;
    const width = Math.round(this.width * ratio), height = Math.round(this.height * ratio);
    if (this.element.width !== width || this.element.height !== height) {
      this.element.width = width;
      this.element.height = height;
      this.element.style.height = `${this.height}px`;
    }
    const context = this.element.getContext("2d")!;
    context.setTransform(ratio, 0, 0, ratio, 0, 0);
    context.clearRect(0, 0, this.width, this.height);
    context.font = "12px system-ui, sans-serif";
    context.textBaseline = "middle";
    this.#draw(context, (name) => this.#colour(name));
  }

  #colour(name: string): string {
    const known = this.#colours.get(name);
    if (known !== undefined) return known;
    const colour = getComputedStyle(document.documentElement).getPropertyValue(`--${name}`).trim();
    this.#colours.set(name, colour);
    return colour;
  }
}

/** A text truncated to a width, with an ellipsis; empty if nothing would be left. */
export function fitted(context: CanvasRenderingContext2D, text: string, width: number): string {
  if (width < 14) return "";
  if (context.measureText(text).width <= width) return text;
  // A first guess: characters are about 6 pixels wide.
  let length = Math.min(text.length, Math.ceil(width / 4));
  while (length > 0 && context.measureText(`${text.slice(0, length)}…`).width > width) length--;
  return length === 0 ? "" : `${text.slice(0, length)}…`;
}
