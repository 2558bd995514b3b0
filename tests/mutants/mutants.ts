/**
 * Faults to be planted in the sources, one at a time: what a simulator that is worth its time must notice.
 *
 * @module
 */

/** Who is expected to notice: the clients' history, an invariant inside the run, or the proof of life. */
export type Noticed = "history" | "invariant" | "liveness";

/** A fault: a text of the sources that occurs once in its file, and what stands there instead. */
export interface Mutant {
  /** What is wrong with it, for people. */
  readonly name: string;
  /** The file, from the top of the project. */
  readonly file: string;
  /** What stands there. Short, so that it lasts. */
  readonly search: string;
  /** What a person could have written in its place. */
  readonly replace: string;
  /** The flags of the sweep: of `fuzz`, whose defaults hold for the rest. */
  readonly flags: string;
  /** Whoever may notice first. */
  readonly noticedBy: readonly Noticed[];
  /** The longest sweep; 200 seeds if left out. */
  readonly seeds?: number;
  /** By what it is masked, if nobody can notice it. */
  readonly masked?: string;
}

/** Every mutant. */
export const MUTANTS: readonly Mutant[] = [
  {
    name: "an entry of an earlier term is committed by counting",
    file: "raft/commit.ts",
    search: " || core.log.termAt(index) !== core.term",
    replace: "",
    flags: "--nemesis all",
    noticedBy: ["invariant", "history"],
  },
  {
    name: "the vote is not persisted",
    file: "raft/core.ts",
    search: "this.log.setState({ term, votedFor });",
    replace: "this.log.setState({ term, votedFor: votedFor === this.id ? votedFor : null });",
    flags: "--nemesis partition,kill --nemesis-interval 1 --time-limit 20",
    noticedBy: ["invariant", "history"],
  },
  {
    name: "a term without a vote is not persisted",
    file: "raft/core.ts",
    search: "this.log.setState({ term, votedFor });",
    replace: "if (votedFor !== null) this.log.setState({ term, votedFor });",
    flags: "--nemesis kill --time-limit 20",
    noticedBy: ["invariant", "history"],
  },
  {
    name: "a vote without a look at the logs",
    file: "raft/election.ts",
    search: "lastLogTerm > lastTerm || (lastLogTerm === lastTerm && lastLogIndex >= lastIndex)",
    replace: "lastLogIndex + lastLogTerm + lastIndex + lastTerm >= 0",
    flags: "--nemesis partition --time-limit 20",
    noticedBy: ["invariant", "history"],
  },
  {
    name: "of two logs the longer one is taken for more up to date",
    file: "raft/election.ts",
    search: "lastLogTerm > lastTerm || (lastLogTerm === lastTerm && lastLogIndex >= lastIndex)",
    replace: "lastLogIndex + 0 * lastLogTerm >= lastIndex + 0 * lastTerm",
    flags: "--nemesis partition,kill --nemesis-interval 1",
    noticedBy: ["invariant", "history"],
  },
  {
    name: "of two logs only the last terms are compared",
    file: "raft/election.ts",
    search: "lastLogTerm > lastTerm || (lastLogTerm === lastTerm && lastLogIndex >= lastIndex)",
    replace: "lastLogTerm >= lastTerm && lastLogIndex + lastIndex >= 0",
    flags: "--nemesis partition --time-limit 20",
    noticedBy: ["invariant", "history"],
  },
  {
    name: "a conflicting suffix is not cut off",
    file: "raft/append.ts",
    search: "        dropFrom(core, entry.index);\n        break;",
    replace: "        place++;\n        continue;",
    flags: "--nemesis partition --time-limit 20",
    noticedBy: ["invariant", "history"],
  },
  {
    name: "a stale append cuts off what follows it",
    file: "raft/append.ts",
    search: "  if (place >= entries.length) return true;",
    replace: "  const past = prevLogIndex + entries.length + 1 as LogIndex;\n" +
      "  if (past > core.commitIndex && past <= log.lastIndex && place >= entries.length) dropFrom(core, past);\n" +
      "  if (place >= entries.length) return true;",
    flags: "--nemesis packets,partition --time-limit 20",
    noticedBy: ["invariant", "history"],
  },
  {
    name: "the term of the entry before is not compared",
    file: "raft/append.ts",
    search: "log.termAt(prevLogIndex) !== prevLogTerm",
    replace: "log.termAt(prevLogIndex) === undefined",
    flags: "--nemesis partition --nemesis-interval 1",
    noticedBy: ["invariant", "history"],
  },
  {
    name: "a follower commits as far as the leader has, whatever its own log holds",
    file: "raft/append.ts",
    search: "core.commitTo(Math.min(request.commitIndex, lastNewIndex) as LogIndex);",
    replace: "core.commitTo(request.commitIndex);",
    flags: "--nemesis all",
    noticedBy: ["invariant", "history"],
  },
  {
    name: "a follower commits to the end of its own log, beyond the entries that the leader vouched for",
    file: "raft/append.ts",
    search: "Math.min(request.commitIndex, lastNewIndex)",
    replace: "Math.min(request.commitIndex, log.lastIndex)",
    flags: "--nemesis all",
    noticedBy: ["invariant", "history"],
    seeds: 20,
    // A refusal's hint never goes back beyond the place where the two logs part: the follower names its last entry whose term is not above the one it was
    // asked about, and the leader goes to its own last entry not above that. So the first append that a follower takes begins just there, carries at least the
    // entry that opened the term, and cuts off all that conflicts; from then on, until the term ends, the follower's log holds nothing but its leader's.
    masked: "the first append that a follower takes cuts off all that conflicts",
  },
  {
    name: "a heartbeat's commit index is not bounded by what its follower holds",
    file: "raft/replication.ts",
    search: "const commitIndex = Math.min(core.commitIndex, follower.matchIndex) as LogIndex;\n    if (",
    replace: "const { commitIndex } = core;\n    if (",
    flags: "--nemesis partition --time-limit 20",
    noticedBy: ["invariant", "history"],
  },
  {
    name: "every read is answered from the node asked",
    file: "server/replica/requests.ts",
    search: 'if (mode === "local") return',
    replace: "if (machine.isRead(body)) return",
    flags: "--nemesis partition --time-limit 20",
    noticedBy: ["history"],
  },
  {
    name: "a read index before a commit of the leader's term",
    file: "raft/read_index.ts",
    search: "if (!core.hasCommittedInTerm) return core.reads.wait(read);",
    replace: "",
    flags: "--nemesis partition,kill --nemesis-interval 1 --reads index --rate 300",
    noticedBy: ["history"],
  },
  {
    name: "a read index without a quorum's echo",
    file: "raft/read_index.ts",
    search: "  core.reads.queue(read);",
    replace: "  return answer(core, read, read.index);",
    flags: "--nemesis partition --reads index",
    noticedBy: ["history"],
  },
  {
    name: "whoever asks for a read index is taken for a quorum",
    file: "raft/read_index.ts",
    search: "isQuorum(core.configuration, (id) => id === core.id || id === read.follower)",
    replace: "isQuorum(core.configuration, () => true)",
    flags: "--nemesis partition --reads index",
    noticedBy: ["history"],
  },
  {
    name: "the echo of an earlier round counts for a later read",
    file: "raft/read_index.ts",
    search: "if (round <= follower.echoedRound) return;\n  follower.echoedRound = round;",
    replace: "follower.echoedRound = core.round;",
    flags: "--nemesis pause:leader,packets:delay --nemesis-interval 1 --reads index --nodes 3 --keys 1 --rate 300",
    noticedBy: ["history"],
    seeds: 400,
  },
  {
    name: "a lease as long as an election timeout, on clocks that are skewed",
    file: "raft/config.ts",
    search: "return Math.floor(electionTimeoutTicks / 2);",
    replace: "return electionTimeoutTicks;",
    flags: "--nemesis partition:leader,clock:rate --nemesis-interval 1 --reads lease --rate 300",
    noticedBy: ["invariant", "history"],
  },
  {
    name: "votes of an earlier campaign are kept",
    file: "raft/election.ts",
    search: "  core.votes.clear();\n  core.electionElapsedTicks = 0;",
    replace: "  core.votes.delete(core.id);\n  core.electionElapsedTicks = 0;",
    flags: "--nemesis partition --time-limit 20",
    noticedBy: ["invariant", "history", "liveness"],
  },
  {
    name: "a vote that comes twice counts twice",
    file: "raft/election.ts",
    search: "  if (core.votes.has(voter)) return;\n  core.votes.set(voter, granted);",
    replace: "  const other = core.configuration.voters.find((id) => !core.votes.has(id)) ?? voter;\n" +
      "  core.votes.set(core.votes.has(voter) ? other : voter, granted);",
    flags: "--nemesis packets:duplication,partition --nemesis-interval 1 --time-limit 20",
    noticedBy: ["invariant", "history"],
  },
  {
    name: "a write is acknowledged before it is committed",
    file: "raft/node.ts",
    search: "const { log, commitIndex } = core;\n    let commands",
    replace:
      'const { log } = core;\n    const commitIndex = core.role === "leader" ? log.lastIndex : core.commitIndex;\n    let commands',
    flags: "--nemesis partition --time-limit 20",
    noticedBy: ["invariant", "history"],
  },
  {
    name: "half of the voters are a quorum",
    file: "raft/quorum.ts",
    search: "return Math.floor(voters / 2) + 1;",
    replace: "return Math.ceil(voters / 2);",
    flags: "--nemesis partition --nodes 4 --time-limit 20",
    noticedBy: ["invariant", "history"],
  },
  {
    name: "matchIndex is one too high",
    file: "raft/replies.ts",
    search: "const isNews = follower.acknowledge(index);",
    replace: "const isNews = follower.acknowledge(Math.min(index + 1, core.log.lastIndex) as LogIndex);",
    flags: "--nemesis partition --time-limit 20",
    noticedBy: ["invariant", "history", "liveness"],
  },
  {
    name: "an acknowledgement is credited to another follower",
    file: "raft/node.ts",
    search: "    const follower = core.progress.get(envelope.from);",
    replace: "    const at = core.followers.findIndex((each) => each.id === envelope.from);\n" +
      '    const other = envelope.type === "append-response" ? core.followers[(at + 1) % core.followers.length] : undefined;\n' +
      "    const follower = other ?? core.progress.get(envelope.from);",
    flags: "--nemesis partition --time-limit 20",
    noticedBy: ["invariant", "history", "liveness"],
  },
  {
    name: "a follower acknowledges before its sync",
    file: "server/replica/outbox.ts",
    search: "if (!envelope.afterSync) this.#send(",
    replace: 'if (!envelope.afterSync || envelope.type === "append-response") this.#send(',
    flags: "--nemesis kill --time-limit 20",
    noticedBy: ["invariant", "history"],
  },
  {
    name: "the leader counts its own copy before its sync",
    file: "raft/core.ts",
    search: "id === this.id ? this.log.durableIndex",
    replace: "id === this.id ? this.log.lastIndex",
    flags: "--nemesis kill,disk:slow --nodes 3 --time-limit 20",
    noticedBy: ["invariant", "history"],
  },
  {
    name: "a voter that has restarted votes while a lease may be held",
    file: "raft/node.ts",
    search: "if (isRestart && resolved.leaseReads)",
    replace: "if (isRestart && !resolved.checkQuorum)",
    flags: "--nemesis partition:bridge,kill:one --nemesis-interval 0.4 --reads lease --nodes 3 --read-share 0.995",
    noticedBy: ["invariant", "history"],
  },
  {
    name: "the lease is kept while leadership is handed over",
    file: "raft/read_index.ts",
    search: 'if (core.hasSentTimeoutNow) return "a TimeoutNow was sent in this term";',
    replace: "",
    flags: "--nemesis member:transfer,packets:delay --nemesis-interval 0.5 --reads lease --nodes 3",
    noticedBy: ["invariant", "history"],
  },
  {
    name: "a torn tail stays in the file, and the next batch goes behind it",
    file: "server/journal/journal_recovery.ts",
    search: 'const isWhole = scan.tail === "clean"',
    replace: 'const isWhole = scan.tail !== "doubtful"',
    flags: "--nemesis disk:tear --time-limit 20",
    noticedBy: ["invariant", "history"],
  },
  {
    name: "the checksum is not looked at",
    file: "server/journal/journal_format.ts",
    search: " && crc32c(bytes, payload, to, payloadSalt(number, salt)) === u32At(bytes, to)",
    replace: "",
    flags: "--nemesis disk:flip --time-limit 20",
    noticedBy: ["invariant", "history"],
  },
  {
    name: "a snapshot without the clients' sessions",
    file: "server/replica/sessions.ts",
    search: "out.u32(sessions.size);\n    for (const [client, session] of sessions) {",
    replace: "out.u32(0);\n    for (const [client, session] of [] as [string, Remembered][]) {",
    flags: "--nemesis kill,partition,compact --nemesis-interval 0.5 --workload session --time-limit 20",
    noticedBy: ["invariant", "history"],
  },
  {
    name: "an older snapshot takes the state back",
    file: "raft/snapshot.ts",
    search: "if (index <= core.commitIndex) {",
    replace: "if (index < 0) {",
    flags: "--nemesis compact,partition:one,packets:delay --nemesis-interval 0.5",
    noticedBy: ["invariant", "history"],
  },
  {
    name: "a snapshot discards a newer tail",
    file: "raft/snapshot.ts",
    search: "if (core.log.termAt(index) === term) {",
    replace: "if (index < 0) {",
    flags: "--nemesis compact,partition,packets,disk:slow --nemesis-interval 0.5",
    noticedBy: ["invariant", "history"],
  },
  {
    name: "two changes of the members at once",
    file: "raft/proposal.ts",
    search: "if (pending > core.commitIndex) {",
    replace: "if (pending > core.log.lastIndex) {",
    flags: "--nemesis member,disk:slow,partition:leader --nemesis-interval 0.2",
    noticedBy: ["invariant", "history"],
  },
  {
    name: "a change of the members before a commit of the leader's term",
    file: "raft/proposal.ts",
    search: "if (!core.hasCommittedInTerm) {",
    replace: "if (core.commitIndex === 0) {",
    flags: "--nemesis member,disk:slow,kill:leader --nemesis-interval 0.3",
    noticedBy: ["invariant", "history"],
  },
  {
    name: "a configuration stays when its entry is cut off",
    file: "raft/append.ts",
    search: "if (core.configurations.truncate(from)) core",
    replace: "if (core.term < 0 && core.configurations.truncate(from)) core",
    flags: "--nemesis member,partition:leader --nemesis-interval 0.5 --time-limit 20",
    noticedBy: ["invariant", "history"],
  },
  {
    name: "who was removed disturbs those who stay",
    file: "raft/election.ts",
    search: "  return core.config.checkQuorum && hasHeardLeader(core);",
    replace: "  return core.term < 0 && hasHeardLeader(core);",
    flags: "--nemesis member,partition --time-limit 20",
    noticedBy: ["invariant", "liveness"],
  },
  {
    name: "PreVote ignores the leader",
    file: "raft/node.ts",
    search: "if (isLoyal(core, envelope)) return core.reject(envelope",
    replace: "if (core.term < 0) return core.reject(envelope",
    flags: "--nemesis partition --time-limit 20",
    noticedBy: ["invariant", "liveness"],
  },
  {
    name: "a leader takes a higher term over, and leads on in it",
    file: "raft/node.ts",
    search: "    becomeFollower(core, envelope.term, leader);\n    return true;",
    replace: 'if (core.role === "leader") core.setHardState(envelope.term, null);\n' +
      "    else becomeFollower(core, envelope.term, leader);\n    return true;",
    flags: "--nemesis partition",
    noticedBy: ["invariant", "history", "liveness"],
  },
  {
    name: "election timeouts are not randomized",
    file: "raft/core.ts",
    search: "this.electionTimeoutTicks = timeoutTicks + this.random.below(timeoutTicks);",
    replace: "this.electionTimeoutTicks = timeoutTicks;",
    flags: "--nemesis all --nodes 9 --time-limit 6 --nemesis-interval 3 --rate 20",
    noticedBy: ["liveness"],
  },
  {
    name: "answers of an earlier term are accepted",
    file: "raft/node.ts",
    search: "    if (envelope.term < core.term) {",
    replace: '    if (envelope.term < core.term && envelope.type.endsWith("response")) return true;\n' +
      "    if (envelope.term < core.term) {",
    flags: "--nemesis all --nodes 3 --nemesis-interval 2 --rate 10 --time-limit 180",
    noticedBy: ["invariant", "history"],
  },
  {
    name: "a timeout is reported as a failure",
    file: "harness/run/clients.ts",
    search: 'end({ type: "info", value, error: "timeout" })',
    replace: 'end({ type: "fail", value, error: "timeout" })',
    flags: "--nemesis partition --time-limit 20",
    noticedBy: ["history"],
  },
  {
    name: "a retry without its session",
    file: "harness/targets/ours/client.ts",
    search: "servers.ask(node, this.#process, this.#request, (reply) => {",
    replace: "const asked = number === 1 ? this.#request : { operation: this.#request.operation };\n" +
      "    servers.ask(node, this.#process, asked, (reply) => {",
    flags: "--nemesis partition --workload session --time-limit 20",
    noticedBy: ["history"],
  },
  {
    name: "a joint configuration's two lists are pooled",
    file: "raft/quorum.ts",
    search: "  return Math.min(incoming, reachedByMajority(configuration.votersOutgoing, valueOf));",
    replace:
      "  return reachedByMajority([...new Set([...configuration.voters, ...configuration.votersOutgoing])], valueOf);",
    flags: "--nemesis member:replace,partition --nemesis-interval 0.5 --nodes 4 --time-limit 20",
    noticedBy: ["invariant", "history"],
  },
  {
    name: "the voters who leave are not asked for their votes",
    file: "raft/election.ts",
    search: "(!voters.includes(to) && !votersOutgoing.includes(to))",
    replace: "(!voters.includes(to) && votersOutgoing.length >= 0)",
    flags:
      "--nemesis member:replace,partition:oneway,kill:leader --nemesis-interval 0.15 --nodes 3 --time-limit 3 --rate 20",
    noticedBy: ["liveness"],
  },
  {
    name: "an earlier leader's joint configuration is not left",
    file: "raft/commit.ts",
    search: "if (!configuration.autoLeave) return;",
    replace: "if (!configuration.autoLeave || core.configurations.currentIndex < core.termStartIndex) return;",
    flags: "--nemesis member:replace,disk:slow,kill:leader --nemesis-interval 0.2 --nodes 3 --time-limit 4 --rate 20",
    noticedBy: ["liveness"],
  },
  {
    name: "a node that restarts counts its reads from the same number again",
    file: "raft/core.ts",
    search: 'random.split("reads").below(67108864) * 67108864',
    replace: 'random.split("reads").below(1)',
    flags:
      "--nemesis kill:one,packets:delay --nemesis-interval 0.15 --reads index --nodes 3 --keys 1 --rate 300 --time-limit 30",
    noticedBy: ["history"],
    seeds: 300,
  },
  {
    name: "a vote counts as durable before its sync",
    file: "server/journal/journal.ts",
    search: "    this.#flushedState = this.#state;\n",
    replace: "    this.#durableState = this.#flushedState = this.#state;\n",
    flags: "--nemesis kill,partition,disk:slow --nemesis-interval 0.2 --time-limit 10 --rate 20",
    noticedBy: ["invariant", "history"],
  },
  {
    name: "a lease begins when the echo comes, not when its heartbeat was sent",
    file: "raft/read_index.ts",
    search: "follower.leaseUntilTick = sentAtTick + leaseTicks",
    replace: "follower.leaseUntilTick = Math.max(sentAtTick, core.clock) + leaseTicks",
    flags: "--nemesis packets:delay,partition:leader --nemesis-interval 0.5 --reads lease --nodes 3 --time-limit 20",
    noticedBy: ["invariant", "history"],
  },
  {
    name: "a follower that is probed is sent every append at once",
    file: "raft/replication.ts",
    search: "      if (follower.isPaused) return;\n",
    replace: "",
    flags: "--nemesis all --workload all",
    noticedBy: ["invariant"],
  },
  {
    name: "an installed snapshot counts before its file is durable",
    file: "server/journal/journal.ts",
    search: "    this.#installing++;\n",
    replace: "",
    flags: "--nemesis all --workload all",
    noticedBy: ["invariant"],
  },
  {
    name: "segments that a snapshot covers are never let go",
    file: "server/journal/segments.ts",
    search: "if (!this.#isOpened || this.#isRemoving) return;",
    replace: "if (this.#segments.length > 0) return;",
    flags: "--nemesis all --workload all",
    noticedBy: ["invariant"],
  },
  {
    name: "no session is ever forgotten",
    file: "server/replica/sessions.ts",
    search: "if (sessions.size > maxSessions) forgetOldest();",
    replace: "if (sessions.size > Infinity) forgetOldest();",
    flags: "--nemesis all --workload all",
    noticedBy: ["invariant"],
  },
  {
    name: "a log as long as the voter's own gets no vote, and nobody is ever elected",
    file: "raft/election.ts",
    search: "(lastLogTerm === lastTerm && lastLogIndex >= lastIndex)",
    replace: "(lastLogTerm === lastTerm && lastLogIndex > lastIndex)",
    flags: "--nemesis kill --nemesis-interval 60",
    noticedBy: ["invariant"],
  },
];
