import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { chmodSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { test } from "node:test";
import { main as clusterMain } from "../../../harness/cli/cluster.ts";
import { UsageError } from "../../../harness/cli/flags.ts";
import { main as logMain } from "../../../harness/cli/log.ts";
import { main as memberMain } from "../../../harness/cli/member.ts";
import { secretOf } from "../../../harness/cli/secret_file.ts";
import { main as serveMain } from "../../../harness/cli/serve.ts";
import type { Terminal } from "../../../harness/cli/terminal.ts";
import { formatAddress } from "../../../server/peer/peer_options.ts";
import { connect, inFolder, optionsOf, skipWithoutSockets, start, stop, withCluster } from "./live_cluster.ts";
import { CLIENT, STRANGER } from "../peer/tls_identity.ts";

const skip = skipWithoutSockets;

/** A terminal that keeps what is printed. */
function terminal(): Terminal & { text: string } {
  const kept = {
    text: "",
    out: (text: string) => void (kept.text += text),
    err: () => {},
    progress: () => {},
    style: (_format: unknown, text: string) => text,
  };
  return kept;
}

test("wrong usage of the live commands is one line that says what was expected", async () => {
  const node = ["--id", "1", "--data", "d", "--listen", "h:1", "--client", "h:2"];
  const wrong: [(args: string[], terminal: Terminal) => Promise<number>, string[], RegExp][] = [
    [serveMain, [], /serve needs --id/],
    [serveMain, ["--id", "0"], /--id takes .* from 1 to 1048575, but was given "0"/],
    [serveMain, ["--id", "1"], /serve needs --data/],
    [
      serveMain,
      ["--id", "1", "--data", "d", "--listen", "here"],
      /--listen: An address is HOST:PORT, but was given "here"/,
    ],
    [
      serveMain,
      ["--id", "1", "--data", "d", "--listen", "h:1", "--client", "h:2", "--peer", "x=h:1"],
      /--?peer takes a member's number/,
    ],
    [
      serveMain,
      ["--id", "1", "--data", "d", "--listen", "h:1", "--client", "h:2", "--peer", "1=h:1"],
      /--peer names node 1, which is this one/,
    ],
    [serveMain, [...node, "--tls-cert", "x"], /go together/],
    [serveMain, [...node, "--peer", "2=h:0"], /--peer: port 0 cannot be connected to/],
    [serveMain, [...node, "--peer", "2=h:3", "--peer", "2=h:4"], /--peer names node 2 twice/],
    [serveMain, [...node, "--peer", "2=h:3", "--peer", "3=h:3"], /node 3 cannot listen at h:3, as node 2 does/],
    [serveMain, [...node, "--peer", "2=h:1"], /node 2 cannot listen at h:1, as this node itself does/],
    [
      serveMain,
      ["--id", "1", "--data", "d", "--listen", "h:1", "--client", "h:1"],
      /--listen and --client are both h:1/,
    ],
    [serveMain, ["--id", "1", "--data", "", "--listen", "h:1", "--client", "h:2"], /serve needs --data/],
    [serveMain, [...node, "--password", "secret"], /Unknown flag --password; did you mean --password-file/],
    [serveMain, [...node, "--peer", "2=h:3"], /without a secret: give --secret FILE/],
    [serveMain, [...node, "--join", "h:3"], /without a secret: give --secret FILE/],
    [serveMain, [...node, "--peer-cert", "x"], /--peer-cert, --peer-key and --peer-ca go together/],
    [memberMain, ["add", "4", "h:0"], /Port 0 cannot be connected to/],
    [memberMain, ["fly"], /member takes: status \| add/],
    [memberMain, ["add", "1", "nowhere"], /An address is HOST:PORT/],
    [logMain, [], /log needs one data folder/],
    [clusterMain, [], /cluster needs --data/],
  ];
  for (const [main, args, message] of wrong) {
    const run = async (): Promise<number> => await main(args, terminal());
    await assert.rejects(run, (error) => {
      assert.ok(error instanceof UsageError, `${args.join(" ")}: ${error}`);
      assert.match(error.message, message);
      return true;
    });
  }
});

test("certificates and keys are looked at before anything is started", { skip }, async () => {
  await inFolder(async (folder) => {
    const file = (name: string, text: string): string => {
      writeFileSync(join(folder, name), text);
      return join(folder, name);
    };
    const key = file("key", CLIENT.key as string);
    const cert = file("cert", CLIENT.cert as string);
    const ca = file("ca", CLIENT.ca as string);
    const strange = file("strange", STRANGER.key as string);
    const garbage = file("garbage", "no pem");
    const cases: [key: string, cert: string, ca: string, message: RegExp][] = [
      [garbage, cert, ca, /--tls-key: .*garbage contains no private key in PEM/],
      [key, garbage, ca, /--tls-cert: .* contains no certificate in PEM/],
      [key, cert, garbage, /--tls-ca: .* contains no certificate in PEM/],
      [cert, key, ca, /--tls-cert: .* contains no certificate in PEM/],
      [strange, cert, ca, /--tls-key: the key in .* does not belong to the certificate in /],
      [join(folder, "none"), cert, ca, /--tls-key: cannot read .*: there is no such file or folder/],
    ];
    for (const [k, c, a, message] of cases) {
      const args = ["status", "--tls-key", k, "--tls-cert", c, "--tls-ca", a];
      await assert.rejects(async () => await memberMain(args, terminal()), message);
    }
  });
});

test("a member distinguishes a wrong password from a missing one", { skip }, async () => {
  await withCluster(1, async (_clients, _servers, [one]) => {
    const ask = async (...access: string[]): Promise<number> =>
      await memberMain(["status", "--at", formatAddress(one!.client), ...access], terminal());
    await inFolder(async (folder) => {
      const file = (text: string): string => {
        writeFileSync(join(folder, text), `${text}\n`, { mode: 0o600 });
        return join(folder, text);
      };
      await assert.rejects(ask("--password-file", file("wrong")), /Cannot talk to .*: WRONGPASS/);
      await assert.rejects(ask(), /NOAUTH/);
      assert.equal(await ask("--password-file", file("right")), 0);
    });
  }, { password: "right" });
});

test("flags do not make a cluster another size than its folder has", { skip }, async () => {
  await inFolder(async (folder) => {
    const shared = ["--data", folder, "--port", "7101", "--peer-port", "7102"];
    await assert.rejects(async () => await clusterMain(shared, terminal()), /the two rows overlap/);
    for (const id of ["1", "2", "3"]) mkdirSync(join(folder, id));
    const run = async (): Promise<number> => await clusterMain(["--data", folder, "--nodes", "5"], terminal());
    await assert.rejects(run, /--nodes 5, but .* holds the nodes 1 2 3: leave --nodes out/);
  });
});

test("log prints term, vote and entries, and says where a journal is damaged", { skip }, async () => {
  await inFolder(async (folder) => {
    const [one] = await optionsOf(1, folder);
    const server = await start(one!);
    const { client, call } = connect(one!);
    for (const value of ["first", "second", "third"]) assert.equal(await call("SET", "k", value), "OK");
    assert.equal(await call("SET", Buffer.from("schl\u00fcssel\u009b").toString("latin1"), "\0\xff"), "OK");
    client.close();
    await stop(server);
    const whole = terminal();
    assert.equal(await logMain([one!.folder], whole), 0);
    assert.match(whole.text, /segment 1 of node 1 of cluster "kaya"/);
    assert.match(whole.text, /term 1, voted for 1/);
    assert.match(whole.text, /entry \d+ of term 1: 1\.\d+\.0\/\d+: put "k" "second"/);
    assert.match(whole.text, /put "schl\u00fcssel\\u009b" "\\u0000\u00ff"/);
    const last = terminal();
    // An entry of the members' births may come after the last write.
    await logMain([one!.folder, "--last", "3"], last);
    assert.ok(!last.text.includes('"first"'));
    assert.match(last.text, / {2}\.\.\. \d+ records before\n[^]*put "schl/);
    const path = join(one!.folder, "log-0000000001");
    const bytes = readFileSync(path);
    bytes[bytes.indexOf("first")]! ^= 1;
    writeFileSync(path, bytes);
    const damaged = terminal();
    assert.equal(await logMain([one!.folder], damaged), 1);
    assert.match(
      damaged.text,
      /damaged: Cannot start from the file log-0000000001: it is damaged at offset \d+, and a whole batch follows/,
    );
  });
});

test("member shows the members and hands leadership over", { skip }, async () => {
  await withCluster(3, async (clients, _servers, options) => {
    assert.equal(await clients[0]!.call("SET", "k", "v"), "OK");
    const at = formatAddress(options[0]!.client);
    const moved = terminal();
    assert.equal(await memberMain(["transfer", "3", "--at", at], moved), 0);
    assert.equal(moved.text, "OK\n");
    const shown = terminal();
    await memberMain(["--json", "--at", formatAddress(options[2]!.client)], shown);
    const status = JSON.parse(shown.text) as { role: string; voters: number[] };
    assert.equal(status.role, "leader");
    assert.deepEqual(status.voters, [1, 2, 3]);
  });
});

test("a secret comes only from a private file or the environment", { skip }, async () => {
  await inFolder((folder) => {
    const file = (name: string, text: string | Uint8Array, mode = 0o600): string => {
      writeFileSync(join(folder, name), text, { mode });
      return join(folder, name);
    };
    const told = (path: string): string => new TextDecoder().decode(secretOf("secret", path, "KAYA_NONE")!);
    assert.equal(told(file("unix", "sixteen bytes, or\n")), "sixteen bytes, or");
    assert.equal(told(file("dos", "sixteen bytes, or\r\n")), "sixteen bytes, or");
    assert.equal(told(file("bare", "sixteen bytes, or")), "sixteen bytes, or");
    assert.equal(told(file("inner", " a\nb \n\n")), " a\nb \n");
    symlinkSync(join(folder, "unix"), join(folder, "link"));
    assert.equal(told(join(folder, "link")), "sixteen bytes, or");
    const open = file("open", "sixteen bytes, or\n");
    chmodSync(open, 0o640);
    symlinkSync(open, join(folder, "link-to-open"));
    const refused: [string, RegExp][] = [
      [open, /other users may read or change .*open \(its mode is 0640\): make it private with chmod 600/],
      [join(folder, "link-to-open"), /other users may read or change/],
      [file("empty", "\n"), /empty is empty/],
      [file("long", "x".repeat(5000)), /has 5000 bytes, but a secret has at most 4096/],
      [folder, /is not a file|is a folder/],
      [join(folder, "none"), /--secret: cannot read .*none: there is no such file or folder/],
    ];
    for (const [path, message] of refused) {
      if (process.platform === "win32" && message.source.startsWith("others")) continue;
      assert.throws(() => secretOf("secret", path, "KAYA_NONE"), (error) => {
        assert.ok(error instanceof UsageError);
        assert.match(error.message, message);
        return true;
      });
    }
    process.env["KAYA_TEST"] = "from the environment";
    assert.equal(new TextDecoder().decode(secretOf("secret", undefined, "KAYA_TEST")!), "from the environment");
    process.env["KAYA_TEST_FILE"] = join(folder, "unix");
    assert.throws(() => secretOf("secret", undefined, "KAYA_TEST"), /KAYA_TEST and KAYA_TEST_FILE exclude each other/);
    delete process.env["KAYA_TEST"];
    assert.equal(new TextDecoder().decode(secretOf("secret", undefined, "KAYA_TEST")!), "sixteen bytes, or");
    delete process.env["KAYA_TEST_FILE"];
    assert.equal(secretOf("secret", undefined, "KAYA_TEST"), null);
    return Promise.resolve();
  });
});
