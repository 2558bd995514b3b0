/**
 * How any cluster of processes suffers the common faults: SIGKILL, SIGSTOP, and links that are cut, delayed and broken.
 *
 * @module
 */
import { type Fault, type FaultByKind, type Suffering, typeOf } from "../nemesis/faults.ts";
import { CLIENTS, type Link, type Strike } from "../nemesis/kind.ts";
import type { Links } from "./links.ts";
import type { Member } from "./member.ts";

/** The kinds of faults that the rig provides. */
type RigKind = "partition" | "kill" | "pause" | "packets";

/** The table of faults of a cluster of processes. */
export function rigSuffers(
  members: ReadonlyMap<number, Member>,
  links: () => Links,
): { readonly [K in RigKind]: Suffering<FaultByKind[K]> } {
  const onNodes = <F extends Fault & { readonly nodes: readonly number[] }>(
    strike: (member: Member, fault: F, done: (struck: boolean) => void) => void,
    healing: string,
  ): Suffering<F> => ({
    inject: (fault, done) => eachMember(members, fault, typeOf(fault).say(fault), strike, done),
    heal: (fault, done) => eachMember(members, fault, healing, (member, f, ended) => member.heal(f, ended), done),
  });
  return {
    partition: {
      inject(fault, done) {
        links().inject(fault);
        done({ struck: fault.cut.some(isBetweenNodes), detail: typeOf(fault).say(fault) });
      },
      heal(fault, done) {
        links().heal(fault);
        done({ struck: true, detail: fault.shape });
      },
    },
    packets: {
      inject(fault, done) {
        links().inject(fault);
        done({ struck: fault.links.some(isBetweenNodes), detail: typeOf(fault).say(fault) });
      },
      heal(fault, done) {
        links().heal(fault);
        done({ struck: true, detail: typeOf(fault).say(fault) });
      },
    },
    kill: onNodes((member, fault, done) => member.kill(fault, done), "restart"),
    pause: onNodes((member, fault, done) => member.pause(fault, done), "resume"),
  };
}

/** Whether the rig carries a link. Clients dial the nodes themselves, so it cannot cut them off. */
function isBetweenNodes([from, to]: Link): boolean {
  return from > CLIENTS && to > CLIENTS;
}

/** Applies an action to each member that a fault names, and describes to which it applied. */
export function eachMember<F extends { readonly nodes: readonly number[] }>(
  members: ReadonlyMap<number, Member>,
  fault: F,
  what: string,
  act: (member: Member, fault: F, done: (struck: boolean) => void) => void,
  done: (strike: Strike) => void,
): void {
  const struck: number[] = [];
  let open = fault.nodes.length;
  const end = (): void => {
    const whom = struck.length > 0 ? struck.sort((a, b) => a - b).join(" ") : "nobody";
    done({ struck: struck.length > 0, detail: `${what} ${whom}` });
  };
  if (open === 0) return end();
  for (const id of fault.nodes) {
    const member = members.get(id);
    const ended = (didStrike: boolean): void => {
      if (didStrike) struck.push(id);
      if (--open === 0) end();
    };
    if (member === undefined) ended(false);
    else act(member, fault, ended);
  }
}
