/**
 * The judge: pure functions from a history to a verdict. Nothing here touches a clock, a file or the runtime, so it runs in a browser as it is.
 *
 * @module
 */
export type { EventType, HistoryEvent } from "./history.ts";
export { type Validity, type Verdict, worse } from "./verdict.ts";
