/**
 * A node's life in real time: lines go in and out as they come.
 *
 * @module
 */
import { type ChildOptions, startChild } from "./child.ts";
import type { Ears, Life } from "./life.ts";
import { readLine } from "./protocol.ts";

/** Starts a process. */
export function realLife(options: Pick<ChildOptions, "argv" | "env" | "onStderr">, ears: Ears): Life {
  let isOver = false;
  const child = startChild({
    ...options,
    onLines(lines) {
      for (const text of lines) {
        if (isOver) return;
        const line = readLine(text);
        if (line === null) continue;
        if ("message" in line) ears.heard(line.message, text);
        else ears.broken({ what: line.problem, isCertain: true });
      }
    },
    onSilence() {
      if (!isOver) ears.broken({ what: "closed its standard output", isCertain: true });
    },
    onEnd({ how }) {
      if (!isOver) ears.broken({ what: `ended by itself with ${how}`, isCertain: true });
    },
  });
  const end = (): void => {
    isOver = true;
    child.signal("SIGKILL");
  };
  return {
    child,
    deliver: child.write,
    pause: () => child.signal("SIGSTOP"),
    resume: () => child.signal("SIGCONT"),
    kill: end,
    end,
  };
}
