// One register for each key on node 1, whom all others ask. It keeps nothing on disk: a kill loses what it has
// acknowledged. With --mute no node answers anybody after some seconds, which is a matter of liveness.
import { defineNodes, type Invocation, type NodeMessage, type NodeStep, type Target } from "../../../harness/mod.ts";
import { WORKLOADS } from "../../../harness/mod.ts";

const KEEPER = 1;
const MUTE_FROM = 2_000;

interface Asked {
  readonly client: string;
  readonly operation: Invocation;
}

const target: Target = defineNodes({
  name: "forgetful",
  workloads: { register: WORKLOADS.register },
  flags: { mute: { type: "boolean", about: "nobody answers after 2 s" } },
  serves: "all",
  node({ id, flags }) {
    const values = new Map<string, unknown>();
    const answer = ({ client, operation: { f, key, value } }: Asked): NodeStep => {
      const found = values.get(`${key}`) ?? null;
      const [expected, next] = f === "cas" ? value as [unknown, unknown] : [found, value];
      if (found !== expected) {
        return { messages: [{ end: client, body: { type: "fail", error: "mismatch", actual: found } }] };
      }
      if (f !== "read") values.set(`${key}`, next);
      return { messages: [{ end: client, body: { type: "ok", value: f === "read" ? found : value } }] };
    };
    return {
      handle(message: NodeMessage | null, now: number): NodeStep {
        if (message === null || (flags["mute"] === true && now > MUTE_FROM)) return {};
        const { end, body } = message;
        const asked = typeof end === "string" ? { client: end, operation: body as Invocation } : body as Asked;
        return id === KEEPER ? answer(asked) : { messages: [{ end: KEEPER, body: asked }] };
      },
    };
  },
});

export default target;
