import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import net from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { test } from "node:test";
import { type Accepted, diallerOf } from "../../../harness/rig/dialler.ts";
import { connectionsPastLinks } from "../../../harness/rig/past_links.ts";
import { Identifier } from "../../../harness/rig/identify.ts";
import { mayUse } from "../../corpus.ts";

const mayAll = (["run", "write", "env", "read", "net", "sys"] as const).every(mayUse);
const skip = mayAll ? false : "needs files and processes";
const skipOffLinux = skip || (process.platform === "linux" ? false : "needs the kernel's tables of Linux");

const HEAD = "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode\n";

interface Process {
  readonly parent: number;
  readonly session: number;
  readonly sockets: readonly number[];
  /** The mark of its node. */
  readonly mark?: string;
}

/** Tables as the kernel shows them. */
function tables(
  lines: { readonly [table in "tcp" | "tcp6" | "udp"]?: readonly string[] },
  processes: Readonly<Record<number, Process>>,
  action: (proc: string) => void,
): void {
  const proc = mkdtempSync(join(tmpdir(), "kaya-proc-test-"));
  try {
    mkdirSync(join(proc, "net"));
    for (const table of ["tcp", "tcp6", "udp"] as const) {
      writeFileSync(join(proc, "net", table), HEAD + (lines[table] ?? []).map((line) => `${line}\n`).join(""));
    }
    for (const [pid, { parent, session, sockets, mark }] of Object.entries(processes)) {
      mkdirSync(join(proc, pid, "fd"), { recursive: true });
      if (mark !== undefined) writeFileSync(join(proc, pid, "environ"), `HOME=/\0KAYA_NODE_MARK=${mark}\0PATH=/bin\0`);
      // A program may be called anything.
      writeFileSync(join(proc, pid, "stat"), `${pid} (a ) b) S ${parent} ${session} ${session} 0 -1 0\n`);
      sockets.forEach((inode, fd) => symlinkSync(`socket:[${inode}]`, join(proc, pid, "fd", `${fd}`)));
    }
    action(proc);
  } finally {
    rmSync(proc, { recursive: true });
  }
}

/** A line of the table: 8080 is 1F90, 49374 is C0DE. */
function line(local: string, remote: string, inode: number): string {
  return `   0: ${local} ${remote} 01 00000000:00000000 00:00000000 00000000     0        0 ${inode} 1 0 20 4 30 10 -1`;
}

const ACCEPTED: Accepted = { protocol: "tcp", localPort: 8080, remotePort: 49374 };
const NODES: Readonly<Record<number, Process>> = {
  100: { parent: 1, session: 100, sockets: [7] },
  200: { parent: 1, session: 200, sockets: [8] },
};

test("a connection belongs to the process that holds its other end, over IPv4 and IPv6", { skip }, () => {
  const mapped = "0000000000000000FFFF00000100007F";
  for (
    const lines of [
      { tcp: [line("0100007F:1F90", "0100007F:C0DE", 9), line("0100007F:C0DE", "0100007F:1F90", 8)] },
      { tcp6: [line(`${mapped}:C0DE`, `${mapped}:1F90`, 8)] },
    ]
  ) {
    tables(lines, NODES, (proc) => assert.equal(diallerOf(ACCEPTED, new Set([100, 200]), proc), 200));
  }
});

test("children count as the node that has started them, also those that have left its session", { skip }, () => {
  const lines = { tcp: [line("0100007F:C0DE", "0100007F:1F90", 9)] };
  for (
    const child of [{ parent: 1, session: 200, sockets: [9] }, { parent: 250, session: 300, sockets: [9] }]
  ) {
    const processes = { ...NODES, 250: { parent: 200, session: 250, sockets: [] }, 300: child };
    tables(lines, processes, (proc) => assert.equal(diallerOf(ACCEPTED, new Set([100, 200]), proc), 200));
  }
});

test("a daemon, whose parents have ended, counts as the node whose mark it has", { skip }, () => {
  const lines = { tcp: [line("0100007F:C0DE", "0100007F:1F90", 9)] };
  const marked = (mark: string): Readonly<Record<number, Process>> => ({
    100: { ...NODES[100]!, mark: "/run/1" },
    200: { ...NODES[200]!, mark: "/run/2" },
    300: { parent: 1, session: 300, sockets: [9], mark },
  });
  tables(lines, marked("/run/2"), (proc) => assert.equal(diallerOf(ACCEPTED, new Set([100, 200]), proc), 200));
  tables(lines, marked("/run/3"), (proc) => assert.equal(diallerOf(ACCEPTED, new Set([100, 200]), proc), null));
});

test("a datagram belongs to the process whose socket has that port, be it tied to one address or not", { skip }, () => {
  const udp = { ...ACCEPTED, protocol: "udp" } as const;
  for (const remote of ["00000000:0000", "0100007F:1F90"]) {
    const lines = { udp: [line("0100007F:C0DF", remote, 7), line("0100007F:C0DE", remote, 8)] };
    tables(lines, NODES, (proc) => assert.equal(diallerOf(udp, new Set([100, 200]), proc), 200));
    tables(lines, NODES, (proc) => assert.equal(diallerOf(ACCEPTED, new Set([100, 200]), proc), null));
  }
  const toOthers = { udp: [line("0100007F:C0DE", "0100007F:0050", 8)] };
  tables(toOthers, NODES, (proc) => assert.equal(diallerOf(udp, new Set([100, 200]), proc), null));
});

test("a foreign process, a closed socket and an unused port belong to no node", { skip }, () => {
  const stranger = { ...NODES, 400: { parent: 1, session: 400, sockets: [9] } };
  const roots = new Set([100, 200]);
  const ofInode = (inode: number) => ({ tcp: [line("0100007F:C0DE", "0100007F:1F90", inode)] });
  tables(ofInode(9), stranger, (proc) => assert.equal(diallerOf(ACCEPTED, roots, proc), null));
  tables(ofInode(0), NODES, (proc) => assert.equal(diallerOf(ACCEPTED, roots, proc), null));
  tables({}, NODES, (proc) => assert.equal(diallerOf(ACCEPTED, roots, proc), null));
});

test("a connection of one node to another's own port is past the links; those of strangers are not", { skip }, () => {
  const ports = new Map([[8080, 1], [8081, 2]]);
  const pids = new Map([[1, 100], [2, 200]]);
  const between = (inode: number, port = "1F90") => ({ tcp: [line("0100007F:C0DE", `0100007F:${port}`, inode)] });
  const listening = { tcp: [line("0100007F:1F90", "00000000:0000", 8)] };
  const closing = { tcp: [line("0100007F:C0DE", "0100007F:1F90", 8).replace(" 01 ", " 06 ")] };
  const past = [{ from: 2, to: 1, port: 8080 }];
  const cases = [[between(8), past], [between(7), []], [between(9), []], [listening, []], [closing, []]] as const;
  for (const [lines, expected] of cases) {
    tables(lines, NODES, (proc) => assert.deepEqual(connectionsPastLinks(ports, pids, proc), expected));
  }
  tables(between(8, "1F92"), NODES, (proc) => assert.deepEqual(connectionsPastLinks(ports, pids, proc), []));
});

/** Who dials a listener of ours: the node that the identifier tells. */
async function identified(dial: (port: number) => void, identifier: Identifier): Promise<number | null> {
  const server = net.createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const node = await new Promise<number | null>((resolve) => {
    server.once("connection", (socket) => {
      socket.on("error", () => {});
      const { localPort = 0, remotePort = 0, remoteAddress = "" } = socket;
      identifier.identify({ protocol: "tcp", localPort, remotePort, remoteAddress }, (found) => {
        socket.destroy();
        resolve(found);
      });
    });
    dial((server.address() as net.AddressInfo).port);
  });
  identifier.close();
  server.close();
  return node;
}

test(
  "the helper tells which process has dialled, be it a child, and knows no stranger",
  { skip: skipOffLinux },
  async () => {
    // The shell starts a child, which dials.
    const bash = spawn("bash", ["-c", "read port; (exec 3<>/dev/tcp/127.0.0.1/$port; sleep 5) & wait"], {
      detached: true,
    });
    const pids = (): Map<number, number> => new Map([[4, bash.pid!]]);
    try {
      assert.equal(await identified((port) => void bash.stdin.write(`${port}\n`), new Identifier(pids)), 4);

      let own: net.Socket | null = null;
      const stranger = await identified(
        (port) => void (own = net.connect({ host: "127.0.0.1", port })),
        new Identifier(pids),
      );
      (own as net.Socket | null)?.destroy();
      assert.equal(stranger, null);
    } finally {
      process.kill(-bash.pid!, "SIGKILL");
    }
  },
);

test("a node with a source address of its own is known by that", { skip: skipOffLinux }, async () => {
  const identifier = new Identifier(() => new Map(), new Map([["127.0.1.3", 3]]));
  let socket: net.Socket | null = null;
  const dial = (port: number): void => {
    socket = net.connect({ host: "127.0.0.1", port, localAddress: "127.0.1.3" });
    socket.on("error", () => {});
  };

  assert.equal(await identified(dial, identifier), 3);
  (socket as net.Socket | null)?.destroy();
});
