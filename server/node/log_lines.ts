/**
 * What a node tells of itself while it runs: JSON lines with a level.
 *
 * @module
 */

/** How much a line matters, the least first. */
export const LOG_LEVELS = ["debug", "info", "warn", "error"] as const;

/** How much a line matters. */
export type LogLevel = typeof LOG_LEVELS[number];

/** What a line carries beside its text. */
export type LogFields = Readonly<Record<string, string | number | boolean | null | undefined>>;

/** Takes a line. */
export type Log = (level: LogLevel, event: string, fields?: LogFields) => void;

/**
 * A log of one node.
 *
 * @param write Takes a line, without its end.
 * @param least Lines that matter less are left out.
 * @param now The time as a text; in ISO 8601 by default.
 */
export function createLog(
  write: (line: string) => void,
  node: number,
  least: LogLevel = "info",
  now: () => string = () => new Date().toISOString(),
): Log {
  const threshold = LOG_LEVELS.indexOf(least);
  return (level, event, fields) => {
    if (LOG_LEVELS.indexOf(level) < threshold) return;
    write(JSON.stringify({ time: now(), level, node, event, ...fields }));
  };
}
