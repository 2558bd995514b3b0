import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import type { FlagSpec } from "../../../harness/cli/flags.ts";
import { withSettings } from "../../../harness/cli/settings.ts";
import { mayUse } from "../../corpus.ts";

const SPEC: FlagSpec = {
  config: { type: "string" },
  "max-clients": { type: "integer", min: 1, max: 10 },
  listen: { type: "string" },
  peer: { type: "strings" },
  insecure: { type: "boolean" },
};
const skip = mayUse("write") && mayUse("read") && mayUse("env") ? false : "needs files";

/** What a file with these lines comes to. */
function read(text: string): string[] {
  const folder = mkdtempSync(join(tmpdir(), "kaya-settings-test-"));
  try {
    const path = join(folder, "kaya.conf");
    writeFileSync(path, text);
    return withSettings(["--config", path], SPEC).slice(0, -2);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

test("a file gives flags, also one written on another system", { skip }, () => {
  assert.deepEqual(read("# a node\n\nmax-clients = 5\npeer = 2=a:1\npeer = 3=b:1\ninsecure = yes\n"), [
    ...["--max-clients=5", "--peer=2=a:1", "--peer=3=b:1", "--insecure"],
  ]);
  assert.deepEqual(read("\uFEFFlisten=a:1\r\nmax-clients\t=\t5\r\n"), ["--listen=a:1", "--max-clients=5"]);
});

test("a mistake in a file is told with its line", { skip }, () => {
  const mistakes: readonly (readonly [string, RegExp])[] = [
    ["listen = a:1\nmax-client = 5", /kaya\.conf:2: unknown name max-client; did you mean max-clients\?$/],
    ["max_clients = 5", /kaya\.conf:1: unknown name max_clients; did you mean max-clients\?$/],
    ["listen a:1", /kaya\.conf:1: NAME = VALUE was expected, but found "listen a:1"$/],
    ["config = other.conf", /kaya\.conf:1: a file cannot name another one: config is a flag only$/],
    ["listen = a:1\n\nlisten = b:1", /kaya\.conf:3: listen is already given at .*kaya\.conf:1$/],
    ["max-clients = many", /kaya\.conf:1: --max-clients takes a whole number from 1 to 10, but was given "many"$/],
    ["insecure = maybe", /kaya\.conf:1: insecure takes true or false, but was given "maybe"$/],
  ];
  for (const [text, said] of mistakes) assert.throws(() => read(text), said);
});
