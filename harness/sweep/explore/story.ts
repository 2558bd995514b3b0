/**
 * Tells the path to a violation: each step, the node's reaction, and the messages that were lost.
 *
 * @module
 */
import { describeEnvelope, type NodeId, type RaftTracer } from "../../../raft/mod.ts";
import { type PathStep, tryStep } from "./explore.ts";
import { type Memory, NO_MEMORY } from "./safety.ts";
import { actionsOf, type Bounds, firstWorld, keep, sayAction } from "./world.ts";

/** A step of a story. */
interface StoryStep {
  /** The action. */
  readonly action: string;
  /** The reactions of the nodes. */
  readonly effects: readonly string[];
  /** The messages that were lost after it. */
  readonly lost: readonly string[];
}

/** A path that was replayed. */
interface Story {
  readonly steps: readonly StoryStep[];
  /** The violation at the end; `null` if there is none. */
  readonly violation: string | null;
}

/** Replays a path from the beginning; `null` if a step of it is impossible within these bounds. */
export function tellPath(path: readonly PathStep[], bounds: Bounds): Story | null {
  let effects: string[] = [];
  const tracerOf = (id: NodeId): RaftTracer => tracer(id, (line) => effects.push(line));
  let world = firstWorld(bounds, tracerOf);
  let memory: Memory = NO_MEMORY;
  const steps: StoryStep[] = [];
  for (const { action, kept } of path) {
    if (!actionsOf(world, bounds).some(({ type, at }) => type === action.type && at === action.at)) return null;
    const said = sayAction(action, world);
    effects = [];
    const outcome = tryStep(world, action, bounds, memory, tracerOf);
    if (outcome.violation !== null) {
      steps.push({ action: said, effects, lost: [] });
      return { steps, violation: outcome.violation };
    }
    memory = outcome.memory;
    const { network } = outcome.world!;
    world = keep(outcome.world!, kept);
    const lost = network.filter((message) => !world.network.includes(message));
    steps.push({ action: said, effects, lost: lost.map(({ envelope }) => describeEnvelope(envelope)) });
  }
  return { steps, violation: null };
}

function tracer(id: NodeId, tell: (line: string) => void): RaftTracer {
  return {
    role: (role, term) => tell(`node ${id} is ${role} in term ${term}`),
    vote: (candidate, term, granted, preVote) =>
      tell(
        `node ${id} ${granted ? "grants" : "refuses"} its ${
          preVote ? "pre-vote" : "vote"
        } to ${candidate} for term ${term}`,
      ),
    append: ({ index, term, kind }) => tell(`node ${id} appends entry ${index} of term ${term} (${kind})`),
    truncate: (from, lastIndex) => tell(`node ${id} drops entries ${from} to ${lastIndex}`),
    commit: (commitIndex) => tell(`node ${id} commits up to ${commitIndex}`),
  };
}

/** A story as text: a line for each step, and its consequences. */
export function renderStorySteps({ steps, violation }: Story): string {
  const lines: string[] = [];
  steps.forEach(({ action, effects, lost }, i) => {
    lines.push(`${String(i + 1).padStart(3)}. ${action}`);
    for (const effect of effects) lines.push(`       ${effect}`);
    for (const message of lost) lines.push(`       lost: ${message}`);
  });
  if (violation !== null) lines.push(`     Violated: ${violation}`);
  return `${lines.join("\n")}\n`;
}
