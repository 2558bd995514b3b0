/**
 * Changes etcd's members through its gateway, and reads a node's view of them.
 *
 * @module
 */
import { type Suffering, typeOf } from "../../nemesis/faults.ts";
import type { Members, Strike } from "../../nemesis/kind.ts";
import type { Member as MemberFault } from "../../nemesis/member.ts";
import type { ProcessNode, ProcessRig } from "../processes/process_target.ts";
import { call, type MemberResult, type StatusResult } from "./gateway.ts";

/** The time limit of a change, in milliseconds. */
const CHANGE_TIMEOUT = 6_000;
/** How often a new node is asked whether it serves, and the time between two tries, in milliseconds. */
const JOIN_TRIES = 50;
const JOIN_TRY_MS = 100;
/** The time limit of an observer's request, in milliseconds. */
const LOOK_TIMEOUT = 250;

interface MemberList {
  readonly members?: readonly MemberResult[];
}

/** The address by which the other nodes know a node. */
export function peerUrl(node: ProcessNode, of: number = node.id): string {
  return `http://${node.announced("peer", of)}`;
}

/** The number of a member. etcd identifies it by the address that it announces. */
function numberOf(node: ProcessNode, { peerURLs }: MemberResult, ids: readonly number[]): number | undefined {
  return ids.find((id) => peerURLs.includes(peerUrl(node, id)));
}

/** The members as a node knows them. */
export async function membersOf(node: ProcessNode, ids: readonly number[]): Promise<Members> {
  const { members = [] } = await call<MemberList>(
    node.port("client"),
    "cluster/member/list",
    { linearizable: false },
    LOOK_TIMEOUT,
  );
  const numbers = (isLearner: boolean): number[] =>
    members.filter((member) => (member.isLearner ?? false) === isLearner)
      .map((member) => numberOf(node, member, ids)).filter((id) => id !== undefined).sort((a, b) => a - b);
  return { voters: numbers(false), outgoing: [], learners: numbers(true) };
}

/** A node's status. */
export function statusOf(node: ProcessNode): Promise<StatusResult> {
  return call<StatusResult>(node.port("client"), "maintenance/status", {}, LOOK_TIMEOUT);
}

/** Changes etcd's members. */
export function memberChanges(rig: ProcessRig): Suffering<MemberFault> {
  return {
    inject(fault, done) {
      const what = typeOf(fault).say(fault);
      change(rig, fault).then(
        () => done({ struck: true, detail: what }),
        (error: Error) => done({ struck: false, detail: `${what}: ${error.message}` }),
      );
    },
    heal: (_fault, done) => done({ struck: false, detail: "there is no healing" } satisfies Strike),
  };
}

async function change(rig: ProcessRig, { change, node, old }: MemberFault): Promise<void> {
  switch (change) {
    case "add":
      return await add(rig, node);
    case "replace":
      await add(rig, node);
      await ask(rig, "cluster/member/promote", { ID: await memberId(rig, node) });
      return await remove(rig, old!);
    case "remove":
      return await remove(rig, node);
    case "promote":
      return await ask(rig, "cluster/member/promote", { ID: await memberId(rig, node) });
    case "demote":
      throw new Error("etcd cannot turn a voter into a learner");
    case "transfer":
      return await transfer(rig, node);
  }
}

/** Adds a learner, and starts it with the members that etcd reports. */
async function add(rig: ProcessRig, id: number): Promise<void> {
  if (!rig.isSpare(id)) throw new Error(`the run has no address left for node ${id}`);
  const node = rig.node(id);
  const { members = [] } = await asked<MemberList>(rig, "cluster/member/add", {
    peerURLs: [peerUrl(node)],
    isLearner: true,
  });
  const places = [...rig.nodes(), id];
  const initial = members.flatMap((member) => {
    const number = numberOf(node, member, places);
    return number === undefined ? [] : [`n${number}=${peerUrl(node, number)}`];
  });
  rig.join(id, initial.join(","));
  await joined(rig, id);
}

/**
 * Waits until a new node serves. If the members change meanwhile, the node finds other members than it was told, and
 * ends: that is etcd's rule, not an error.
 */
async function joined(rig: ProcessRig, id: number): Promise<void> {
  rig.mayEnd(id, true);
  for (let tries = 0; tries < JOIN_TRIES; tries++) {
    const isServing = await statusOf(rig.node(id)).then(({ leader = "0" }) => leader !== "0", () => false);
    if (isServing) return rig.mayEnd(id, false);
    await new Promise((resolve) => setTimeout(resolve, JOIN_TRY_MS));
  }
  throw new Error(`node ${id} was added, but does not serve yet`);
}

/** Removes a member. A node that learns of its removal ends by itself. */
async function remove(rig: ProcessRig, id: number): Promise<void> {
  const ID = await memberId(rig, id);
  rig.mayEnd(id, true);
  try {
    await ask(rig, "cluster/member/remove", { ID });
  } catch (error) {
    rig.mayEnd(id, false);
    throw error;
  }
  rig.remove(id);
}

/** Transfers the leadership, which only the leader can do. */
async function transfer(rig: ProcessRig, id: number): Promise<void> {
  const targetID = await memberId(rig, id);
  for (const each of awake(rig)) {
    const node = rig.node(each);
    const status = await statusOf(node).catch(() => null);
    if (status === null || status.leader !== status.header.member_id) continue;
    return void await call(node.port("client"), "maintenance/transfer-leadership", { targetID }, CHANGE_TIMEOUT);
  }
  throw new Error("nobody leads");
}

async function memberId(rig: ProcessRig, id: number): Promise<string> {
  const { members = [] } = await asked<MemberList>(rig, "cluster/member/list", {});
  const found = members.find((member) => numberOf(rig.node(id), member, [id]) !== undefined);
  if (found === undefined) throw new Error("there is no such member");
  return found.ID;
}

async function ask(rig: ProcessRig, path: string, body: unknown): Promise<void> {
  await asked(rig, path, body);
}

/** Asks the first running node; etcd forwards requests that only the leader can handle. */
async function asked<Result>(rig: ProcessRig, path: string, body: unknown): Promise<Result> {
  const [first] = awake(rig);
  if (first === undefined) throw new Error("no node runs");
  return await call<Result>(rig.node(first).port("client"), path, body, CHANGE_TIMEOUT);
}

function awake(rig: ProcessRig): number[] {
  return rig.nodes().filter((id) => rig.isAwake(id));
}
