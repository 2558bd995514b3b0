// Scenarios as scripts: a line is a step, and the transcript says what each node did because of it, in the words of the
// paper.
//
//   elect N             N campaigns, and all that follows goes untold
//   campaign N          N campaigns at once            propose N WORD...    N's client proposes each word
//   deliver             messages go to and fro until none is left; deliver A->B: only those of that link, once
//   tick N [TIMES]      N's clock goes on              drop [A->B]          what is under way is lost (on that link)
//   cut N..., heal      N... are cut off               restart N            N starts again from its log
//   compact N INDEX     N's host takes a snapshot      read N CONTEXT       N's host asks for a read index
//   transfer N TO       N hands over                   change N WORD...     v4 adds a voter, l4 a learner, r4 removes; joint: enter, leave: leave
//   join N              a new node                     log N, status N      what N holds; what N is
import {
  type ConfigurationChange,
  describeConfiguration,
  describeEnvelope,
  type Envelope,
  logIndex,
  type MemberChange,
  MemLog,
  type NodeId,
  nodeId,
  type RaftConfig,
  RaftNode,
  type RaftTracer,
} from "../../raft/mod.ts";

const text = new TextDecoder();
const bytes = new TextEncoder();

/** Runs a script on a cluster, and gives each of its lines back with what came of it. */
export function transcriptOf(script: string, nodes: number, config: Partial<RaftConfig> = {}): string {
  const out: string[] = [];
  const cluster = new Map<NodeId, { node: RaftNode; log: MemLog }>();
  let queue: Envelope[] = [];
  let cut: number[] = [];
  const voters = Array.from({ length: nodes }, (_, i) => nodeId(i + 1));

  const tell = (id: number, what: string): unknown => out.push(`  ${id} ${what}`);
  const start = (id: number, log: MemLog): void => {
    const join = id > nodes;
    const tracer = tracerOf((what) => tell(id, what));
    const peers = join ? [] : voters.filter((peer) => peer !== id);
    cluster.set(nodeId(id), {
      node: new RaftNode({ id: nodeId(id), peers, join, seed: 1, ...config, tracer }, log),
      log,
    });
  };
  const take = (envelopes: readonly Envelope[]): void => {
    queue.push(...envelopes);
  };
  const settle = (node: RaftNode): void => {
    const restored = node.drainRestored();
    if (restored !== null) {
      tell(node.id, `loads the snapshot at ${restored.index}: ${text.decode(cluster.get(node.id)!.log.snapshotData!)}`);
    }
    for (const { index, command } of node.drainApplied()) tell(node.id, `applies ${index} ${text.decode(command)}`);
    for (const { context, index } of node.drainReads()) {
      tell(
        node.id,
        index === null ? `gives up read ${context}` : `may answer read ${context} once it has applied ${index}`,
      );
    }
  };
  const deliver = (envelope: Envelope): void => {
    const node = cluster.get(envelope.to)?.node;
    if (node === undefined || cut.includes(envelope.from) || cut.includes(envelope.to)) {
      out.push(`  lost: ${describeEnvelope(envelope)}`);
      return;
    }
    out.push(`  ${describeEnvelope(envelope)}`);
    take(node.handle(envelope));
    settle(node);
  };
  const linkOf = (word: string | undefined): (envelope: Envelope) => boolean => {
    if (word === undefined) return () => true;
    const [from, to] = word.split("->").map(Number);
    return (envelope) => envelope.from === from && envelope.to === to;
  };
  const act = (id: number, action: (node: RaftNode) => Envelope[]): void => {
    const { node } = cluster.get(nodeId(id))!;
    take(action(node));
    settle(node);
  };
  const perform = (command: string, words: readonly string[]): void => {
    const id = Number(words[0]);
    const { node, log } = cluster.get(id as NodeId) ?? {};
    switch (command) {
      case "elect": {
        const told = out.length;
        perform("campaign", words);
        perform("deliver", []);
        out.length = told;
        return;
      }
      case "campaign":
        return act(id, (node) => node.campaign());
      case "propose":
        for (const word of words.slice(1)) node!.propose(bytes.encode(word));
        return act(id, (node) => node.broadcast());
      case "deliver": {
        if (words.length > 0) {
          const chosen = queue.filter(linkOf(words[0]));
          queue = queue.filter((envelope) => !chosen.includes(envelope));
          return chosen.forEach(deliver);
        }
        for (let quiet = false; !quiet;) {
          while (queue.length > 0) deliver(queue.shift()!);
          for (const { node } of cluster.values()) act(node.id, (node) => node.broadcast());
          quiet = queue.length === 0;
        }
        return;
      }
      case "drop":
        for (const envelope of queue.filter(linkOf(words[0]))) out.push(`  lost: ${describeEnvelope(envelope)}`);
        queue = queue.filter((envelope) => !linkOf(words[0])(envelope));
        return;
      case "tick":
        for (let i = 0; i < Number(words[1] ?? 1); i++) act(id, (node) => node.tick());
        return;
      case "cut":
        cut = words.map(Number);
        return;
      case "heal":
        cut = [];
        return;
      case "restart":
        return start(id, log!);
      case "join":
        return start(id, new MemLog());
      case "compact":
        return node!.compact(
          logIndex(Number(words[1])),
          cluster.get(node!.id)!.log.stage(bytes.encode(`state at ${words[1]}`)),
        );
      case "read":
        return act(id, (node) => node.readIndex(Number(words[1])));
      case "transfer":
        return act(id, (node) => node.transferLeadership(nodeId(Number(words[1]))));
      case "change":
        node!.proposeChange(changeOf(words.slice(1)));
        return act(id, (node) => node.broadcast());
      case "log": {
        const entries = Array.from(
          { length: log!.lastIndex + 1 - log!.firstIndex },
          (_, i) => log!.entryAt(logIndex(log!.firstIndex + i))!,
        );
        return void tell(
          id,
          `holds ${
            entries.map(({ index, term, kind, data }) =>
              `${index}@${term} ${kind === "command" ? text.decode(data) : kind}`
            ).join(", ")
          }`,
        );
      }
      case "status": {
        const { role, term, leader, commitIndex, configuration } = node!.status();
        return void tell(
          id,
          `is ${role} in term ${term} under ${leader ?? "nobody"}, commit ${commitIndex}, ${
            describeConfiguration(configuration)
          }`,
        );
      }
      default:
        throw new SyntaxError(`Cannot run the step ${command}`);
    }
  };

  for (const id of voters) start(id, new MemLog());
  for (const line of script.split("\n").map((line) => line.trim()).filter((line) => line !== "")) {
    out.push(`> ${line}`);
    if (line.startsWith("#")) continue;
    const [command, ...words] = line.split(/\s+/);
    try {
      perform(command!, words);
    } catch (error) {
      if (!/Refused|NotLeader/.test((error as Error).name)) throw error;
      out.push(`  refused: ${(error as Error).message}`);
    }
  }
  return out.join("\n") + "\n";
}

function changeOf(words: readonly string[]): ConfigurationChange {
  if (words[0] === "leave") return { type: "leave-joint" };
  const types = { v: "add-voter", l: "add-learner", r: "remove" } as const;
  const changes = words.filter((word) => /\d/.test(word)).map((word): MemberChange => ({
    type: types[word[0] as keyof typeof types],
    node: nodeId(Number(word.slice(1))),
  }));
  return words[0] === "joint" ? { type: "enter-joint", changes, autoLeave: true } : { type: "simple", changes };
}

function tracerOf(tell: (what: string) => void): RaftTracer {
  return {
    term: (term) => tell(`enters term ${term}`),
    role: (role, term) => tell(`becomes ${role} in term ${term}`),
    vote: (candidate, term, granted, preVote) =>
      tell(`${granted ? "grants" : "refuses"} its ${preVote ? "pre-vote" : "vote"} to ${candidate} for term ${term}`),
    append: ({ index, term, kind, data }) =>
      tell(`appends ${index}@${term} ${kind === "command" ? text.decode(data) : kind}`),
    truncate: (from, lastIndex) => tell(`drops ${from} to ${lastIndex}`),
    commit: (commitIndex) => tell(`commits up to ${commitIndex}`),
    configuration: (configuration, index, cause) =>
      tell(`is under ${describeConfiguration(configuration)} of ${index} (${cause})`),
    snapshot: (event, { index, term }, peer) =>
      tell(`snapshot ${index}@${term}: ${event}${peer === null ? "" : ` with ${peer}`}`),
    transfer: (event, target) => tell(`hands over to ${target}: ${event}`),
    staleRejected: (_envelope, why) => tell(`ignores it: ${why}`),
    readConfirmed: (context, index, how) => tell(`confirms read ${context} at ${index} by ${how}`),
    leaseRefused: (context, why) => tell(`has no lease for read ${context}: ${why}`),
    quorumLost: (term) => tell(`has lost its quorum in term ${term}`),
    campaignLost: (term, how, preVote) =>
      tell(`has not won its ${preVote ? "pre-campaign" : "campaign"} of term ${term} (${how})`),
  };
}
