/**
 * The fault `member`: the members change, or the leadership is transferred.
 *
 * @module
 */
import type { Random } from "../../raft/mod.ts";
import { choiceField, fieldsOf, nodeField } from "./fields.ts";
import type { FaultType, Members, NodeView, View } from "./kind.ts";
import { pick, shuffled } from "./victims.ts";
import { membersOf, primaryOf } from "./view.ts";

/** The kinds of membership changes. */
export type MemberChange =
  | "add"
  | "join"
  | "remove"
  | "replace"
  | "reuse"
  | "promote"
  | "demote"
  | "joint"
  | "wrong"
  | "transfer";

/** One step of a change of several members. */
export interface MemberStep {
  /** The kind of step. */
  readonly type: "add-voter" | "add-learner" | "remove";
  /** The member. */
  readonly node: number;
}

/**
 * A change of the cluster's members, or of its primary, requested from the primary. There is nothing to heal: the
 * change stays.
 */
export interface Member {
  /** The kind of fault. */
  readonly kind: "member";
  /**
   * `add`: a new node joins as a learner. `join`: a new node asks to become a voter, and becomes one when it has caught
   * up. `reuse`: as `join`, under the number of a member that was removed. `joint`: several members change at once;
   * `node` is one of them. `wrong`: a change that must be refused. `remove`: a member leaves. `replace`: `node` joins
   * and `old` leaves, both in one joint configuration where the cluster can. `promote`, `demote`: a learner becomes a
   * voter, or the reverse. `transfer`: the leadership goes to `node`.
   */
  readonly change: MemberChange;
  /** The node that is changed or added. */
  readonly node: number;
  /** For `replace`: the node that leaves. */
  readonly old?: number;
  /** For `replace`: whether `old` leaves only when `node` has caught up, if the cluster can do without that. */
  readonly waits?: boolean;
  /** For `joint` and `wrong`: the requested steps. */
  readonly steps?: readonly MemberStep[];
  /**
   * For `joint`: whether the cluster leaves the joint configuration by itself. Otherwise it is told to after a time.
   */
  readonly leaves?: boolean;
}

/** Removals leave at least this many voters, and additions make at most this many members. */
export const VOTERS_MIN = 3;
const MEMBERS_MAX = 7;

const CHANGES: readonly MemberChange[] = [
  ...["add", "join", "remove", "replace", "reuse", "promote", "demote", "joint", "wrong", "transfer"] as const,
];
/** `promote` is listed twice: a learner that stays a learner never votes. */
const DRAWN: readonly MemberChange[] = [...CHANGES, "promote", "joint"];
const STEPS = ["add-voter", "add-learner", "remove"] as const;

/** How a membership change is drawn, named and parsed. */
export const member: FaultType<Member> = {
  about: "members are added, removed or changed, or the leadership is transferred",
  shapes: CHANGES,
  draw: (random, shape, view) => drawMember(random, shape as MemberChange | null, view),
  name: ({ change }) => `member:${change}`,
  say({ change, node, old, steps }) {
    if (steps !== undefined) return `${change} ${steps.map((step) => `${step.type} ${step.node}`).join(", ")}`;
    return old === undefined ? `${change} ${node}` : `${change} ${old} by ${node}`;
  },
  isHealed: () => false,
  keep: (fault) => fault,
  simpler: () => [],
  parse(value) {
    const fields = fieldsOf(value);
    const change = choiceField(fields, "change", CHANGES);
    const node = nodeField(fields, "node");
    switch (change) {
      case "replace":
        return { kind: "member", change, node, old: nodeField(fields, "old"), waits: fields["waits"] === true };
      case "joint":
        return { kind: "member", change, node, steps: parseSteps(fields["steps"]), leaves: fields["leaves"] === true };
      case "wrong":
        return { kind: "member", change, node, steps: parseSteps(fields["steps"]) };
      default:
        return { kind: "member", change, node };
    }
  },
};

function parseSteps(value: unknown): MemberStep[] {
  if (!Array.isArray(value)) throw new SyntaxError(`the field "steps" of a fault is a list, but it is missing`);
  return value.map((step) => {
    const fields = fieldsOf(step);
    return { type: choiceField(fields, "type", STEPS), node: nodeField(fields, "node") };
  });
}

/** Draws a change. A member that will never run again is replaced before anything else changes. */
export function drawMember(random: Random, shape: MemberChange | null, view: View): Member | null {
  const primary = primaryOf(view);
  if (primary === null) return null;
  const members = membersOf(primary, view);
  const fresh = 1 + view.reduce((highest, node) => Math.max(highest, node.id), 0);
  const lost = lostMember(view, members);
  if (lost !== undefined) return { kind: "member", change: "replace", node: fresh, old: lost.id };
  return drawChange(random, shape ?? pick(random, DRAWN), { view, primary, members, fresh });
}

/**
 * The primary is asked to leave, or to become a learner. If it is cut off, nobody else hears of that, and the primary
 * may be the only node that can win the next election (dissertation, figure 4.6).
 */
export function drawLeave(random: Random, view: View): Member | null {
  const primary = primaryOf(view);
  if (primary === null) return null;
  const members = membersOf(primary, view);
  if (members.voters.length <= VOTERS_MIN || lostMember(view, members) !== undefined) return null;
  return { kind: "member", change: random.below(2) === 0 ? "remove" : "demote", node: primary.id };
}

/** A member that will never run again. */
function lostMember(view: View, { voters, learners }: Members): NodeView | undefined {
  return view.find(({ id, state }) => state === "refused" && (voters.includes(id) || learners.includes(id)));
}

/** The facts that a change is drawn from. */
interface Ground {
  readonly view: View;
  readonly primary: NodeView;
  readonly members: Members;
  /** A number that no node has had. */
  readonly fresh: number;
}

function drawChange(random: Random, change: MemberChange, { view, primary, members, fresh }: Ground): Member | null {
  const { voters, learners } = members;
  switch (change) {
    case "add":
    case "join":
      return voters.length + learners.length >= MEMBERS_MAX ? null : { kind: "member", change, node: fresh };
    case "joint":
      return drawJoint(random, members, fresh);
    case "wrong":
      return drawWrong(random, members, fresh);
    case "replace":
      return { kind: "member", change, node: fresh, old: pick(random, voters), waits: random.below(2) === 0 };
    case "reuse": {
      const gone = view.filter(({ id, state }) => state === "removed" && !isMember(id, members));
      const isFull = voters.length + learners.length >= MEMBERS_MAX;
      return isFull || gone.length === 0 ? null : { kind: "member", change, node: pick(random, gone).id };
    }
    case "promote":
      return learners.length === 0 ? null : { kind: "member", change, node: pick(random, learners) };
    case "remove":
    case "demote":
      return voters.length <= VOTERS_MIN ? null : { kind: "member", change, node: pick(random, voters) };
    case "transfer": {
      const others = voters.filter((id) => id !== primary.id);
      // Half of the transfers go to a node that cannot take over, if there is one: then the primary must give up.
      const unable = others.filter((id) => view.some((node) => node.id === id && node.state !== "running"));
      const targets = unable.length > 0 && random.below(2) === 0 ? unable : others;
      return targets.length === 0 ? null : { kind: "member", change, node: pick(random, targets) };
    }
  }
}

function isMember(id: number, { voters, outgoing, learners }: Members): boolean {
  return voters.includes(id) || outgoing.includes(id) || learners.includes(id);
}

/** Draws several changes at once: voters leave or become learners, learners become voters, a new node joins. */
function drawJoint(random: Random, { voters, learners }: Members, fresh: number): Member | null {
  const order = shuffled(random, voters);
  const leaving = Math.min(1 + random.below(2), Math.max(0, voters.length - VOTERS_MIN + 1));
  const gone = order.slice(0, leaving).map((node): MemberStep => ({
    type: random.below(2) === 0 ? "add-learner" : "remove",
    node,
  }));
  const risen = learners.filter(() => random.below(2) === 0).map((node): MemberStep => ({ type: "add-voter", node }));
  const comes = voters.length + learners.length < MEMBERS_MAX;
  const come: MemberStep[] = comes ? [{ type: "add-voter", node: fresh }] : [];
  const steps = [...gone, ...risen, ...come];
  const votersAfter = voters.length - gone.length + risen.length + come.length;
  if (steps.length < 2 || votersAfter < VOTERS_MIN) return null;
  return { kind: "member", change: "joint", node: steps.at(-1)!.node, steps, leaves: random.below(4) > 0 };
}

/** Draws a change that no cluster may make: two voters without a joint configuration, or no voter left. */
function drawWrong(random: Random, { voters }: Members, fresh: number): Member | null {
  const steps: readonly MemberStep[] = random.below(2) === 0
    ? [{ type: "add-voter", node: fresh }, { type: "add-voter", node: fresh + 1 }]
    : voters.map((node) => ({ type: "remove", node }));
  return voters.length === 0 ? null : { kind: "member", change: "wrong", node: steps[0]!.node, steps };
}
