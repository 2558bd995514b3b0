/**
 * One run and its verdict.
 *
 * @module
 */
import { drive, driveAtOnce, type Driven, type DriveOptions, type InTurns } from "./drive.ts";
import { flagsOf, type RunOptions } from "./options.ts";
import { type JudgedRun, judgeRun } from "./result.ts";
import { type RunSetup, setupOf } from "./setup.ts";
import type { Target } from "./target.ts";

/** The origin of a judged run. */
export interface Origin {
  /** The system that was under test. */
  readonly target: Target;
  /** The nemesis, as it was asked for. */
  readonly nemesis: string;
  /** The command that repeats the run. */
  readonly replay: string;
  /** When it began, by `performance.now()`. */
  readonly began: number;
}

/**
 * Makes the run with the given options, and judges it; `null` if it was aborted.
 *
 * @throws {RangeError} If the target does not support what the options ask for.
 */
export async function runOnce(
  target: Target,
  options: RunOptions,
  { command, ...how }: InTurns & { readonly command: string },
): Promise<JudgedRun | null> {
  const began = performance.now();
  const setup = setupOf(target, options);
  const driven = await drive(target, setup, how);
  return driven === null ? null : judgeDriven(setup, driven, originOf(target, options, command, began));
}

/** As `runOnce`, for a target in virtual time, synchronously. */
export function runAtOnce(target: Target, options: RunOptions, command: string, how: DriveOptions = {}): JudgedRun {
  const began = performance.now();
  const setup = setupOf(target, options);
  return judgeDriven(setup, driveAtOnce(target, setup, how), originOf(target, options, command, began));
}

/** Judges a run that was driven. */
export function judgeDriven(setup: RunSetup, driven: Driven, { target, nemesis, replay, began }: Origin): JudgedRun {
  return judgeRun({ target, setup, nemesis, driven, replay }, () => Math.round(performance.now() - began));
}

function originOf(target: Target, options: RunOptions, command: string, began: number): Origin {
  return { target, nemesis: options.nemesis, replay: `${command} ${flagsOf(options)}`, began };
}
