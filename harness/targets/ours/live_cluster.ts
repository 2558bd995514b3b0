/**
 * A cluster of processes on this machine, which suffers real faults: SIGKILL, SIGSTOP, and links that are cut, delayed and broken.
 *
 * Its nodes keep their data in a temporary folder, and are reached by clients over real connections. A process of its own cleans up, whatever becomes of
 * this one (`reaper.ts`).
 *
 * @module
 */
import { type ChildProcess, spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { type Clock, MILLISECOND, SECOND } from "../../../server/clock.ts";
import type { Cluster } from "../../run/cluster.ts";
import type { Fault, FaultKind } from "../../nemesis/faults.ts";
import type { Strike, View } from "../../nemesis/kind.ts";
import type { Member } from "../../nemesis/member.ts";
import type { ClientReply, ReadMode } from "../../../server/replica/client.ts";
import type { ClientRequest } from "../../../server/store/client.ts";
import { DiskError } from "../../../server/node/disk.ts";
import { freePorts } from "../../rig/free_ports.ts";
import { type Links, openLinks } from "../../rig/links.ts";
import { type LiveMember, type LiveMemberOptions, makeLiveMember } from "./live_member.ts";
import { runtimeCommand } from "./node_process.ts";
import { type Address, formatAddress } from "../../../server/peer/peer_options.ts";

/** How a live cluster is made. */
export interface LiveClusterOptions {
  readonly clock: Clock;
  /** How many nodes there are at first. */
  readonly nodes: number;
  /** How many more may join, in a run whose nemesis changes the members. */
  readonly spareNodes: number;
  readonly reads: ReadMode;
  /** A whole number from 0 to below the bound: how links are disturbed. */
  readonly random: (below: number) => number;
  /** A node takes a snapshot after so many bytes of writes. */
  readonly compactionBytes: number;
}

/** A live cluster, and what it knows of its processes. */
export interface LiveCluster extends Cluster {
  /** What went wrong beside the faults: a node that ended by itself. */
  readonly complaints: readonly string[];
  /** How often a node was started. */
  readonly starts: number;
  /** The processes' folder. */
  readonly folder: string;
}

const TICK_MS = 25;
/** A node that starts has so long to serve. */
const START_TIMEOUT = 60 * SECOND;
/** A change of the members has so long. */
const CHANGE_TIMEOUT = 5 * SECOND;

/** Makes a cluster; `start` starts it. */
export function createLiveCluster(options: LiveClusterOptions): LiveCluster {
  const { clock } = options;
  const folder = makeTemporaryFolder();
  const secretFile = join(folder, "secret");
  writeFileSync(secretFile, randomBytes(32).toString("hex"), { mode: 0o600 });
  const reaper = startReaper(folder);
  const members = new Map<number, LiveMember>();
  const complaints: string[] = [];
  /** Addresses of every node that there may ever be. */
  const listens = new Map<number, Address>();
  const clients = new Map<number, Address>();
  let links: Links | null = null;
  let starts = 0;
  let isStopping = false;

  const makeMember = (id: number, flags: readonly string[]): LiveMember => {
    const memberOptions: LiveMemberOptions = {
      id,
      clock,
      client: clients.get(id)!,
      flags: [
        ...["--id", `${id}`, "--listen", formatAddress(listens.get(id)!), "--client", formatAddress(clients.get(id)!)],
        ...["--secret", secretFile, "--data", join(folder, `${id}`), "--reads", options.reads, "--tick", `${TICK_MS}`],
        ...["--compact-bytes", `${options.compactionBytes}`, "--log-level", "warn"],
        ...[...listens.keys()].filter((other) => other !== id).flatMap((other) => {
          return ["--route", `${other}=${formatAddress(links!.route(id, other))}`];
        }),
        ...flags,
      ],
      onStart: (pid) => {
        starts++;
        reaper.stdin?.write(`process ${pid}\n`);
      },
      onEnd: (pid) => reaper.stdin?.write(`gone ${pid}\n`),
      onComplaint: (text) => {
        if (!isStopping) complaints.push(`node ${id} ${text}`);
      },
    };
    const member = makeLiveMember(memberOptions);
    members.set(id, member);
    return member;
  };

  const startAll = (done: (error: Error | null) => void): void => {
    const ids = Array.from({ length: options.nodes }, (_, i) => i + 1);
    let open = ids.length;
    let isOver = false;
    const timer = clock.after(START_TIMEOUT, () => end(new Error("the nodes did not serve in time")));
    const end = (error: Error | null): void => {
      if (isOver) return;
      isOver = true;
      timer.cancel();
      // Interrupted: who stops it goes on.
      if (isStopping) return;
      if (error === null) return done(null);
      const said = [...members.values()].flatMap((member) => member.lastLines).slice(-3).join(" | ");
      done(new Error(`Cannot start the live cluster: ${error.message}${said === "" ? "" : ` (${said})`}`));
    };
    for (const id of ids) {
      const peers = ids.filter((other) => other !== id);
      const member = makeMember(
        id,
        peers.flatMap((peer) => ["--peer", `${peer}=${formatAddress(listens.get(peer)!)}`]),
      );
      member.start(() => {
        if (!member.isServing) end(new Error(`node ${id} ended`));
        else if (--open === 0) end(null);
      });
    }
  };

  const each = (
    nodes: readonly number[],
    what: string,
    action: (member: LiveMember, done: (struck: boolean) => void) => void,
    done: (strike: Strike) => void,
  ): void => {
    const struck: number[] = [];
    let open = nodes.length;
    const end = (): void => done({ struck: struck.length > 0, detail: `${what} ${struck.sort(byNumber).join(" ")}` });
    if (open === 0) return end();
    for (const id of nodes) {
      const member = members.get(id);
      const ended = (didStrike: boolean): void => {
        if (didStrike) struck.push(id);
        if (--open === 0) end();
      };
      if (member === undefined) ended(false);
      else action(member, ended);
    }
  };

  /** Asks the members in turn, one that leads first, until one does what is asked. */
  const administer = (command: readonly string[], done: (error: string | null) => void): void => {
    look((view) => {
      const order = view.filter((node) => node.state === "running")
        .sort((a, b) => Number(b.primaryIn !== null) - Number(a.primaryIn !== null)).map(({ id }) => id);
      const next = (i: number, lastError: string): void => {
        const member = members.get(order[i] ?? -1);
        if (member === undefined) return done(lastError);
        member.ask(command, CHANGE_TIMEOUT, (error) => {
          if (error === null) done(null);
          else next(i + 1, error);
        });
      };
      next(0, "no node runs");
    });
  };

  const injectMember = ({ change, node, old }: Member, done: (strike: Strike) => void): void => {
    const what = change === "replace" ? `replace ${old} by ${node}` : `${change} ${node}`;
    const told = (error: string | null): void => {
      done({ struck: error === null, detail: error === null ? what : `${what}: ${error}` });
    };
    switch (change) {
      case "add":
      case "replace": {
        if (members.has(node) || !listens.has(node)) return told("there is no place for it");
        const host = [...members.values()].find((member) => member.view().state === "running");
        if (host === undefined) return told("no node runs");
        const address = formatAddress(listens.get(node)!);
        const command = change === "add"
          ? ["RAFT", "ADD", `${node}`, address]
          : ["RAFT", "REPLACE", `${old}`, `${node}`, address];
        return administer(command, (error) => {
          if (error !== null) return told(error);
          makeMember(node, ["--join", formatAddress(clients.get(host.id)!)]).start(() => {});
          told(null);
        });
      }
      case "remove":
        return administer(["RAFT", "REMOVE", `${node}`], (error) => {
          if (error === null) members.get(node)?.remove();
          told(error);
        });
      case "promote":
      case "demote": {
        const type = change === "promote" ? "add-voter" : "add-learner";
        return administer(["KAYA", JSON.stringify({ change: { type: "simple", changes: [{ type, node }] } })], told);
      }
      case "transfer":
        return administer(["RAFT", "TRANSFER", `${node}`], told);
    }
  };

  const look = (done: (view: View) => void): void => {
    const all = [...members.values()];
    let open = all.length;
    for (const member of all) {
      member.look(() => {
        if (--open === 0) done(all.map((one) => one.view()).sort((a, b) => a.id - b.id));
      });
    }
    if (open === 0) done([]);
  };

  return {
    faults: new Set<FaultKind>(["partition", "kill", "pause", "packets", "member", "compact"]),
    tickLength: TICK_MS * MILLISECOND,
    complaints,
    folder,
    get starts() {
      return starts;
    },
    start(done) {
      const count = options.nodes + options.spareNodes;
      freePorts(2 * count, (error, ports) => {
        if (error !== null) return done(error);
        for (let i = 0; i < count; i++) {
          listens.set(i + 1, { host: "127.0.0.1", port: ports[2 * i]! });
          clients.set(i + 1, { host: "127.0.0.1", port: ports[2 * i + 1]! });
        }
        openLinks(listens, clock, options.random, (linkError, opened) => {
          if (linkError !== null) return done(linkError);
          links = opened;
          startAll(done);
        });
      });
    },
    nodes: () => [...members.values()].filter((member) => !member.isRemoved).map(({ id }) => id).sort(byNumber),
    invoke(node: number, client: number, request: ClientRequest, reply: (reply: ClientReply) => void) {
      const member = members.get(node);
      if (member === undefined) return reply({ type: "fail", error: "there is no such node" });
      member.invoke(client, request, reply);
    },
    inject(fault: Fault, done) {
      switch (fault.kind) {
        case "partition":
          links!.inject(fault);
          return done({
            struck: fault.cut.length > 0,
            detail: `${fault.shape}: ${fault.cut.map(([from, to]) => `${from}-/->${to}`).join(" ")}`,
          });
        case "packets": {
          links!.inject(fault);
          const detail = `delay up to ${
            Math.round(fault.delay / MILLISECOND)
          } ms, connections broken as for a loss of ${Math.round(fault.loss * 100)}%, on ${fault.links.length} links`;
          return done({ struck: fault.links.length > 0, detail });
        }
        case "kill":
          return each(fault.nodes, "kill", (member, ended) => member.kill(fault, ended), done);
        case "pause":
          return each(fault.nodes, "pause", (member, ended) => member.pause(fault, ended), done);
        case "compact":
          return each(fault.nodes, "compact", (member, ended) => {
            member.ask(["KAYA", '{"compact":true}'], SECOND, (error) => ended(error === null));
          }, done);
        case "member":
          return injectMember(fault, done);
        case "clock":
        case "disk":
          return done({ struck: false, detail: `${fault.kind} is none of a live cluster's faults` });
      }
    },
    heal(fault, done) {
      links!.heal(fault);
      if (fault.kind !== "kill" && fault.kind !== "pause") {
        const struck = fault.kind === "partition" || fault.kind === "packets";
        return done({ struck, detail: "healed" });
      }
      each(
        fault.nodes,
        fault.kind === "kill" ? "restart" : "resume",
        (member, ended) => member.heal(fault, ended),
        done,
      );
    },
    restore(nodes, done) {
      links!.restore(([from, to]) => nodes.includes(from) && nodes.includes(to));
      each(nodes, "", (member, ended) => member.restore(ended), () => done());
    },
    look,
    stop(done) {
      isStopping = true;
      let open = members.size;
      const end = (): void => {
        // The reaper removes the folder when its input ends, and then ends itself.
        reaper.on("exit", () => links === null ? done() : links.close(done));
        reaper.stdin?.end();
      };
      if (open === 0) return end();
      for (const member of members.values()) member.end(() => void (--open === 0 && end()));
    },
  };
}

function makeTemporaryFolder(): string {
  try {
    return mkdtempSync(join(tmpdir(), "kaya-live-"));
  } catch (error) {
    throw new DiskError("make a folder in", tmpdir(), error);
  }
}

/** Starts the process that cleans up. */
function startReaper(folder: string): ChildProcess {
  const reaper = spawn(process.execPath, runtimeCommand("../../rig/reaper.ts"), {
    stdio: ["pipe", "ignore", "ignore"],
    detached: process.platform !== "win32",
  });
  reaper.on("error", () => {});
  reaper.stdin?.on("error", () => {});
  reaper.stdin?.write(`folder ${folder}\n`);
  return reaper;
}

function byNumber(a: number, b: number): number {
  return a - b;
}
