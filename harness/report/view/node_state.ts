/**
 * The state of each node at a moment: the sum of the changes since the nearest checkpoint.
 *
 * @module
 */
import type { Change, PageData } from "../page/data.ts";
import { firstFrom } from "./store.ts";

/** A part of a log whose entries have the same term. */
interface Run {
  readonly from: number;
  readonly term: number;
}

/** The state of a node at a moment. Values that it never reported are `null`. */
export interface NodeState {
  readonly life: string;
  readonly role: string | null;
  readonly term: number | null;
  readonly vote: number | null;
  readonly commit: number | null;
  readonly applied: number | null;
  readonly durable: number | null;
  readonly members: string | null;
  /** The parts of the log, and its first and last index. */
  readonly runs: readonly Run[];
  readonly first: number;
  readonly last: number;
}

const UNKNOWN: NodeState = {
  life: "running",
  role: null,
  term: null,
  vote: null,
  commit: null,
  applied: null,
  durable: null,
  members: null,
  runs: [],
  first: 1,
  last: 0,
};

/** A stretch of time in which a node had one life, role and term. */
export interface Stretch {
  readonly from: number;
  readonly to: number;
  readonly life: string;
  readonly role: string | null;
  readonly term: number | null;
}

/** After this many changes, all states are stored. */
const CHECKPOINT = 500;

/** The state of a node after a change. */
function changed(state: NodeState, change: Change): NodeState {
  const { time: _time, node: _node, text: _text, log, snapshot, ...told } = change;
  let next = { ...state, ...told } as NodeState;
  if (snapshot !== undefined) next = { ...next, first: snapshot + 1, last: Math.max(next.last, snapshot) };
  if (log === undefined) return next;
  const runs = next.runs.filter(({ from }) => from < log.from).slice();
  log.terms.forEach((term, i) => {
    if (runs.at(-1)?.term !== term) runs.push({ from: log.from + i, term });
  });
  return { ...next, runs, last: log.from + log.terms.length - 1 };
}

/** The states of all nodes over time. */
export class NodeStates {
  readonly #changes: readonly Change[];
  readonly #times: readonly number[];
  readonly #nodes: readonly number[];
  readonly #checkpoints: ReadonlyMap<number, NodeState>[] = [];
  /** The states that were asked for last, and after how many changes they are. */
  #last: { readonly until: number; readonly states: ReadonlyMap<number, NodeState> } = { until: 0, states: new Map() };

  constructor({ changes, nodes }: PageData) {
    this.#changes = changes ?? [];
    this.#times = this.#changes.map(({ time }) => time);
    this.#nodes = nodes;
    const states = new Map(nodes.map((node) => [node, UNKNOWN]));
    this.#changes.forEach((change, i) => {
      if (i % CHECKPOINT === 0) this.#checkpoints.push(new Map(states));
      states.set(change.node, changed(states.get(change.node) ?? UNKNOWN, change));
    });
    this.#checkpoints.push(states);
  }

  /**
   * Every node at a moment, whatever happened at that moment included. A step onwards leaves the states of nodes that
   * did not change the same objects.
   */
  at(time: number): ReadonlyMap<number, NodeState> {
    const until = firstFrom(this.#times, time + 1);
    const last = Math.ceil(this.#changes.length / CHECKPOINT) - 1;
    const checkpoint = Math.max(0, Math.min(Math.floor(until / CHECKPOINT), last));
    const isNear = this.#last.until <= until && this.#last.until >= checkpoint * CHECKPOINT &&
      this.#last.states.size > 0;
    const states = new Map(isNear ? this.#last.states : this.#checkpoints[checkpoint]);
    for (let i = isNear ? this.#last.until : checkpoint * CHECKPOINT; i < until; i++) {
      const change = this.#changes[i]!;
      states.set(change.node, changed(states.get(change.node) ?? UNKNOWN, change));
    }
    this.#last = { until, states };
    return states;
  }

  /** The changes at a moment, as text. */
  textsAt(time: number): { node: number; text: string }[] {
    const texts: { node: number; text: string }[] = [];
    for (let i = firstFrom(this.#times, time); i < this.#changes.length && this.#times[i] === time; i++) {
      texts.push({ node: this.#changes[i]!.node, text: this.#changes[i]!.text });
    }
    return texts;
  }

  /** The time spans in which a node had one life, role and term. */
  roles(node: number, end: number): Stretch[] {
    const stretches: Stretch[] = [];
    let state = UNKNOWN, from = 0;
    const close = (to: number): void => {
      if (to > from) stretches.push({ from, to, life: state.life, role: state.role, term: state.term });
    };
    for (const change of this.#changes) {
      if (change.node !== node) continue;
      if (change.life === undefined && change.role === undefined && change.term === undefined) continue;
      const next = changed(state, change);
      if (next.life !== state.life || next.role !== state.role || next.term !== state.term) {
        close(change.time);
        from = change.time;
      }
      state = next;
    }
    close(end);
    return stretches;
  }

  /** The known nodes. */
  get nodes(): readonly number[] {
    return this.#nodes;
  }
}
