/**
 * The list of all kinds of faults. To add one, write its file and name it here. Our own clusters then do not compile
 * until they implement it, or declare that they do not suffer it.
 *
 * @module
 */
import { clock, type ClockFault } from "./clock.ts";
import { type Compact, compact } from "./compact.ts";
import { type Damage, damage } from "./damage.ts";
import { disk, type DiskFault } from "./disk.ts";
import { fieldsOf } from "./fields.ts";
import { type Kill, kill } from "./kill.ts";
import { type Flood, flood } from "./flood.ts";
import type { FaultType, Strike } from "./kind.ts";
import { type Member, member } from "./member.ts";
import { type Packets, packets } from "./packets.ts";
import { type Partition, partition } from "./partition.ts";
import { type Pause, pause } from "./pause.ts";

/** The fault of each kind. */
export interface FaultByKind {
  /** Links deliver nothing. */
  readonly partition: Partition;
  /** Nodes end. */
  readonly kill: Kill;
  /** Nodes stand still. */
  readonly pause: Pause;
  /** Messages are lost, doubled or late. */
  readonly packets: Packets;
  /** Clocks run at a wrong speed. */
  readonly clock: ClockFault;
  /** Disks fail. */
  readonly disk: DiskFault;
  /** Files on disks are damaged. */
  readonly damage: Damage;
  /** The members change. */
  readonly member: Member;
  /** Nodes take snapshots. */
  readonly compact: Compact;
  /** More requests than a node takes. */
  readonly flood: Flood;
}

/** The name of a kind of fault. */
export type FaultKind = keyof FaultByKind;
/** A fault of any kind. */
export type Fault = FaultByKind[FaultKind];

/** All kinds, in the order of reports. */
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
  flood,
};

/** The names of all kinds, in the order of reports. */
export const FAULT_KINDS: readonly FaultKind[] = Object.keys(FAULTS) as FaultKind[];

/** The kind of a fault, with its functions. */
export function typeOf<F extends Fault>(fault: F): FaultType<F> {
  return FAULTS[fault.kind] as unknown as FaultType<F>;
}

/** Whether there is a kind of fault of this name. */
export function isFaultKind(name: string): name is FaultKind {
  return Object.hasOwn(FAULTS, name);
}

/** The name of a fault in reports: `partition:ring`. */
export function faultName(fault: Fault): string {
  return typeOf(fault).name(fault);
}

/**
 * Parses a fault from a run file.
 *
 * @throws {SyntaxError} If it is not a fault; the message says why.
 */
export function parseFault(value: unknown): Fault {
  const { kind } = fieldsOf(value);
  if (typeof kind !== "string" || !isFaultKind(kind)) {
    throw new SyntaxError(`a fault's kind is one of ${FAULT_KINDS.join(", ")}, but ${JSON.stringify(kind)} was found`);
  }
  return FAULTS[kind].parse(value);
}

/**
 * How a cluster applies one kind of fault. Faults may overlap. To heal a fault, pass the same object that was injected.
 */
export interface Suffering<F> {
  /** Injects a fault. Calls `done` once. */
  inject(fault: F, done: (strike: Strike) => void): void;
  /** Heals a fault: restarts, reconnects or resumes what it struck, unless another fault still affects it. */
  heal(fault: F, done: (strike: Strike) => void): void;
}

/**
 * The faults that a cluster supports, with the functions that apply them. Our own clusters list every kind. A kind that
 * is `null` or missing is not supported.
 */
export type Suffers = { readonly [K in FaultKind]?: Suffering<FaultByKind[K]> | null };

/** How a cluster applies a fault; `null` if it does not support it. */
export function sufferingOf<F extends Fault>(suffers: Suffers, fault: F): Suffering<F> | null {
  return (suffers[fault.kind] ?? null) as Suffering<F> | null;
}
