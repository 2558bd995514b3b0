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

  /** The state of every node at a moment, including the changes at that moment. */
  at(time: number): ReadonlyMap<number, NodeState> {
    const until = firstFrom(this.#times, time + 1);
    const checkpoint = Math.min(Math.floor(until / CHECKPOINT), Math.ceil(this.#changes.length / CHECKPOINT) - 1);
    const states = new Map(this.#checkpoints[Math.max(0, checkpoint)]);
    for (let i = Math.max(0, checkpoint) * CHECKPOINT; i < until; i++) {
      const change = this.#changes[i]!;
      states.set(change.node, changed(states.get(change.node) ?? UNKNOWN, change));
    }
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
  roles(
    node: number,
    end: number,
  ): { from: number; to: number; life: string; role: string | null; term: number | null }[] {
    const stretches: { from: number; to: number; life: string; role: string | null; term: number | null }[] = [];
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
