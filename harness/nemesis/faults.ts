/**
 * The list of all kinds of faults. To add one, write its file and name it here: our own clusters then do not compile
 * until they suffer it, or say that they do not.
 *
 * @module
 */
import { clock, type ClockFault } from "./clock.ts";
import { type Compact, compact } from "./compact.ts";
import { type Damage, damage } from "./damage.ts";
import { disk, type DiskFault } from "./disk.ts";
import { fieldsOf } from "./fields.ts";
import { type Kill, kill } from "./kill.ts";
import type { FaultType, Strike } from "./kind.ts";
import { type Member, member } from "./member.ts";
import { type Packets, packets } from "./packets.ts";
import { type Partition, partition } from "./partition.ts";
import { type Pause, pause } from "./pause.ts";

/** The fault of each kind. */
export interface FaultByKind {
  /** Links that deliver nothing. */
  readonly partition: Partition;
  /** Nodes that end. */
  readonly kill: Kill;
  /** Nodes that stand still. */
  readonly pause: Pause;
  /** Messages that are lost, doubled or late. */
  readonly packets: Packets;
  /** Clocks at another pace. */
  readonly clock: ClockFault;
  /** Disks that fail. */
  readonly disk: DiskFault;
  /** What disks have kept goes bad. */
  readonly damage: Damage;
  /** Changes of the members. */
  readonly member: Member;
  /** Snapshots. */
  readonly compact: Compact;
}

/** The name of a kind of fault. */
export type FaultKind = keyof FaultByKind;
/** Anything that the nemesis can do to a cluster. */
export type Fault = FaultByKind[FaultKind];

/** Every kind, in the order in which they are reported. */
export const FAULTS: { readonly [K in FaultKind]: FaultType<FaultByKind[K], Fault> } = {
  partition,
  kill,
  pause,
  packets,
  clock,
  disk,
  damage,
  member,
  compact,
};

/** The names of all kinds, in the order in which they are reported. */
export const FAULT_KINDS: readonly FaultKind[] = Object.keys(FAULTS) as FaultKind[];

/** The kind of a fault, with its verbs. */
export function typeOf<F extends Fault>(fault: F): FaultType<F> {
  return FAULTS[fault.kind] as unknown as FaultType<F>;
}

/** Whether there is a kind of fault of this name. */
export function isFaultKind(name: string): name is FaultKind {
  return Object.hasOwn(FAULTS, name);
}

/** A fault's name in reports: `partition:ring`. */
export function faultName(fault: Fault): string {
  return typeOf(fault).name(fault);
}

/**
 * Reads a fault from a run file.
 *
 * @throws {SyntaxError} If it is none; the message says why.
 */
export function parseFault(value: unknown): Fault {
  const { kind } = fieldsOf(value);
  if (typeof kind !== "string" || !isFaultKind(kind)) {
    throw new SyntaxError(`a fault's kind is one of ${FAULT_KINDS.join(", ")}, but ${JSON.stringify(kind)} was found`);
  }
  return FAULTS[kind].parse(value);
}

/** How a cluster suffers one kind of fault. Faults combine; a fault is healed as the object that was injected. */
export interface Suffering<F> {
  /** Inflicts a fault. `done` is called once. */
  inject(fault: F, done: (strike: Strike) => void): void;
  /** Undoes a fault: restarts, reconnects, resumes what it has struck, unless another fault still holds it. */
  heal(fault: F, done: (strike: Strike) => void): void;
}

/**
 * The faults that a cluster suffers. Our own clusters mention every kind; what is `null`, or left out, is not suffered.
 */
export type Suffers = { readonly [K in FaultKind]?: Suffering<FaultByKind[K]> | null };

/** How a cluster suffers a fault; `null` if it does not. */
export function sufferingOf<F extends Fault>(suffers: Suffers, fault: F): Suffering<F> | null {
  return (suffers[fault.kind] ?? null) as Suffering<F> | null;
}
