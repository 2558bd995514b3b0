/**
 * The fault `member`: the members change, or the leadership is handed over.
 *
 * @module
 */
import type { Random } from "../../raft/mod.ts";
import { choiceField, fieldsOf, nodeField } from "./fields.ts";
import type { FaultType, Members, NodeView, View } from "./kind.ts";
import { pick } from "./victims.ts";
import { membersOf, primaryOf } from "./view.ts";

/** How the members may change. */
export type MemberChange = "add" | "remove" | "replace" | "promote" | "demote" | "transfer";

/** A change of the cluster's members, or of its primary, asked of whoever is primary. It has no healing: what was changed stays. */
export interface Member {
  /** Its kind. */
  readonly kind: "member";
  /**
   * `add`: a new node joins as a learner. `remove`: a member leaves. `replace`: `node` joins and `old` leaves, both in one joint
   * configuration where the cluster can. `promote`, `demote`: a learner becomes a voter, or the reverse. `transfer`: the
   * leadership goes to `node`.
   */
  readonly change: MemberChange;
  /** The node that is changed, or that comes. */
  readonly node: number;
  /** For `replace`: the node that leaves. */
  readonly old?: number;
}

/** Removals leave at least this many voters, and additions make at most that many members. */
export const VOTERS_MIN = 3;
const MEMBERS_MAX = 7;

const CHANGES: readonly MemberChange[] = ["add", "remove", "replace", "promote", "demote", "transfer"];
/** `promote` twice: learners that stay learners decide nothing. */
const DRAWN = ["add", "remove", "replace", "promote", "promote", "demote", "transfer"] as const;

/** How a change of the members is drawn, named and read. */
export const member: FaultType<Member> = {
  about: "members come, go and change, or the leadership is handed over",
  shapes: CHANGES,
  draw: (random, shape, view) => drawMember(random, shape as MemberChange | null, view),
  name: ({ change }) => `member:${change}`,
  say: ({ change, node, old }) => old === undefined ? `${change} ${node}` : `${change} ${old} by ${node}`,
  isHealed: () => false,
  keep: (fault) => fault,
  simpler: () => [],
  parse(value) {
    const fields = fieldsOf(value);
    const change = choiceField(fields, "change", CHANGES);
    const node = nodeField(fields, "node");
    return change === "replace"
      ? { kind: "member", change, node, old: nodeField(fields, "old") }
      : { kind: "member", change, node };
  },
};

/** Draws a change. A member that will never run again is replaced before anything else is changed. */
export function drawMember(random: Random, shape: MemberChange | null, view: View): Member | null {
  const primary = primaryOf(view);
  if (primary === null) return null;
  const members = membersOf(primary, view);
  const fresh = 1 + view.reduce((highest, node) => Math.max(highest, node.id), 0);
  const lost = view.find((node) =>
    node.state === "refused" && (members.voters.includes(node.id) || members.learners.includes(node.id))
  );
  if (lost !== undefined) return { kind: "member", change: "replace", node: fresh, old: lost.id };
  return drawChange(random, shape ?? pick(random, DRAWN), { view, primary, members, fresh });
}

/** What a change is drawn from. */
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
      return voters.length + learners.length >= MEMBERS_MAX ? null : { kind: "member", change, node: fresh };
    case "replace":
      return { kind: "member", change, node: fresh, old: pick(random, voters) };
    case "promote":
      return learners.length === 0 ? null : { kind: "member", change, node: pick(random, learners) };
    case "remove":
    case "demote":
      return voters.length <= VOTERS_MIN ? null : { kind: "member", change, node: pick(random, voters) };
    case "transfer": {
      const others = voters.filter((id) => id !== primary.id);
      // Half the time to a node that cannot take over, where there is one: then the primary must give it up.
      const unable = others.filter((id) => view.some((node) => node.id === id && node.state !== "running"));
      const targets = unable.length > 0 && random.below(2) === 0 ? unable : others;
      return targets.length === 0 ? null : { kind: "member", change, node: pick(random, targets) };
    }
  }
}
