/**
 * The check of a log before a node starts from it: a log that contradicts itself is refused.
 *
 * @module
 */
import { checkObject } from "./arguments.ts";
import { configurationFault, ConfigurationStack, decodeConfiguration } from "./configuration.ts";
import { LogContradictionError } from "./errors.ts";
import type { RaftLog } from "./log.ts";
import { type Configuration, type LogIndex, MAX_INDEX, MAX_TERM, type Term } from "./types.ts";

const METHODS = [
  "termAt",
  "entryAt",
  "slice",
  "append",
  "appendOne",
  "truncate",
  "setState",
  "compact",
  "restore",
] as const satisfies readonly (keyof RaftLog)[];

const SNAPSHOT_METHODS = [
  "readSnapshot",
  "holdSnapshots",
  "receiveSnapshot",
] as const satisfies readonly (keyof RaftLog)[];

/**
 * The first method for snapshots that a log lacks; `null` if it has all. A log that is never compacted needs none of
 * them.
 */
export function missingSnapshotMethod(log: RaftLog): string | null {
  return SNAPSHOT_METHODS.find((name) => typeof log[name] !== "function") ?? null;
}

/**
 * Checks a log from its first entry to its last.
 *
 * @param log The log.
 * @param first The configuration that applies if the log holds no other.
 * @returns The configurations that the log holds.
 * @throws {TypeError} If it is not a `RaftLog`.
 * @throws {LogContradictionError} If one node's life cannot have left this content. The message names the
 * contradiction.
 */
export function checkLog(log: RaftLog, first: Configuration): ConfigurationStack {
  checkMethods(log);
  const { snapshot, snapshotIndex, snapshotTerm, firstIndex, lastIndex, lastTerm, durableIndex, state } = log;
  const refuse = (what: string): never => {
    throw new LogContradictionError(`Cannot start from this log: ${what}`);
  };
  if (state.term > MAX_TERM) refuse(`its node's term is ${state.term}, but the largest is ${MAX_TERM}`);
  if (lastIndex > MAX_INDEX) refuse(`it ends at ${lastIndex}, but the largest index is ${MAX_INDEX}`);
  if (snapshot === null && snapshotIndex !== 0) refuse(`its snapshot is at index ${snapshotIndex}, but there is none`);
  if (snapshot !== null && (snapshot.index !== snapshotIndex || snapshot.term !== snapshotTerm)) {
    refuse(
      `it tells of a snapshot at ${snapshotIndex} of term ${snapshotTerm}, but holds one at ${snapshot.index} of term ${snapshot.term}`,
    );
  }
  if (firstIndex > snapshotIndex + 1) {
    refuse(
      `its first entry is ${firstIndex}, but its snapshot ends at ${snapshotIndex}: the entries between are missing`,
    );
  }
  if (lastIndex < snapshotIndex) refuse(`it ends at ${lastIndex}, before its snapshot, which ends at ${snapshotIndex}`);
  if (durableIndex > lastIndex) refuse(`it is durable up to ${durableIndex}, beyond its last entry, ${lastIndex}`);
  if (state.term < lastTerm) refuse(`its last entry is of term ${lastTerm}, but the node's term is only ${state.term}`);
  if (log.durableState.term > state.term) {
    refuse(`term ${log.durableState.term} is durable, but the node's term is only ${state.term}`);
  }
  if (snapshot !== null) {
    const fault = configurationFault(snapshot.configuration);
    if (fault !== null) refuse(`the configuration of its snapshot at ${snapshotIndex} is wrong: ${fault}`);
  }

  const configurations = new ConfigurationStack(snapshotIndex, snapshot === null ? first : snapshot.configuration);
  let before: Term = firstIndex > snapshotIndex ? snapshotTerm : 0 as Term;
  for (let index: number = firstIndex; index <= lastIndex; index++) {
    const entry = log.entryAt(index as LogIndex);
    if (entry === undefined) return refuse(`entry ${index} is missing between ${firstIndex} and ${lastIndex}`);
    if (entry.index !== index) refuse(`entry ${entry.index} stands in the place of ${index}`);
    if (entry.term < before) refuse(`the terms of its entries fall from ${before} to ${entry.term} at index ${index}`);
    before = entry.term;
    if (index === snapshotIndex && entry.term !== snapshotTerm) {
      refuse(`entry ${index} is of term ${entry.term}, but the snapshot there of term ${snapshotTerm}`);
    }
    if (entry.kind === "configuration" && index > snapshotIndex) {
      try {
        configurations.push(index as LogIndex, decodeConfiguration(entry.data));
      } catch (error) {
        refuse(`entry ${index} holds no configuration: ${(error as Error).message}`);
      }
    }
  }
  if (before !== lastTerm && lastIndex >= firstIndex) {
    refuse(`its last entry is of term ${before}, but it says ${lastTerm}`);
  }
  return configurations;
}

function checkMethods(log: RaftLog): void {
  checkObject(log, "a RaftLog");
  for (const name of METHODS) {
    if (typeof log[name] !== "function") throw new TypeError(`Cannot start from this log: it has no method ${name}`);
  }
}
