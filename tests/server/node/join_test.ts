import assert from "node:assert/strict";
import { test } from "node:test";
import type { Clock } from "../../../server/clock.ts";
import { insist } from "../../../server/node/join.ts";
import { ConnectionError } from "../../../server/redis/resp_client.ts";

/** A clock whose waits are over at once. */
function hastyClock(): Clock {
  let now = 0;
  return {
    now: () => now,
    after(delay, action) {
      now += delay;
      queueMicrotask(action);
      return { cancel: () => {} };
    },
  };
}

const away = new ConnectionError({ host: "h", port: 1 }, "nobody listens there", false);

test("a member that is not there yet is asked again, and the wait is told once", async () => {
  let tries = 0;
  const waits: Error[] = [];
  const ask = (): Promise<string> => ++tries < 5 ? Promise.reject(away) : Promise.resolve("members");

  assert.equal(await insist(ask, hastyClock(), (reason) => waits.push(reason)), "members");

  assert.deepEqual([tries, waits], [5, [away]]);
});

test("a member that never comes is given up, and one that refuses is not asked again", async () => {
  let tries = 0;
  const refusal = new ConnectionError({ host: "h", port: 1 }, "WRONGPASS", true);
  const failing = (error: Error) => (): Promise<never> => {
    tries++;
    return Promise.reject(error);
  };

  await assert.rejects(insist(failing(away), hastyClock(), () => {}), away);
  assert.equal(tries, 31);
  tries = 0;
  await assert.rejects(insist(failing(refusal), hastyClock(), () => {}), refusal);
  assert.equal(tries, 1);
});
