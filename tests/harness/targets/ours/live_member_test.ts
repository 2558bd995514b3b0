import assert from "node:assert/strict";
import { test } from "node:test";
import type { Kill } from "../../../../harness/nemesis/kill.ts";
import { createLiveClock } from "../../../../server/live_clock.ts";
import { type LiveMember, makeLiveMember } from "../../../../harness/targets/ours/live_member.ts";
import { formatAddress } from "../../../../server/peer/peer_options.ts";
import { mayUse } from "../../../corpus.ts";
import { inFolder, optionsOf, skipWithoutSockets } from "../../../server/node/live_cluster.ts";

const skip = skipWithoutSockets || (mayUse("run") ? false : "needs processes");

/** Hands a member to a verb, and tells what the verb says. */
function told<Answer>(verb: (done: (answer: Answer) => void) => void): Promise<Answer> {
  return new Promise((resolve) => verb(resolve));
}

test(
  "a kill that finds the node down holds nobody, and the one that struck it is healed in its time",
  { skip },
  async () => {
    await inFolder(async (folder) => {
      const { id, listen, client, folder: data } = (await optionsOf(1, folder))[0]!;
      const flags = [
        "--id",
        `${id}`,
        "--listen",
        formatAddress(listen),
        "--client",
        formatAddress(client),
        "--data",
        data,
      ];
      const ignored = { onStart: () => {}, onEnd: () => {}, onComplaint: () => {} };
      const member: LiveMember = makeLiveMember({ id, clock: createLiveClock(), client, flags, ...ignored });
      const one: Kill = { kind: "kill", shape: "one", nodes: [id] };
      const other: Kill = { ...one };
      await told<void>((done) => member.start(done));

      assert.equal(await told<boolean>((done) => member.kill(one, done)), true);
      assert.equal(await told<boolean>((done) => member.kill(other, done)), false);

      assert.equal(await told<boolean>((done) => member.heal(one, done)), true);
      assert.equal(member.isServing, true);
      await told<void>((done) => member.end(done));
    });
  },
);
