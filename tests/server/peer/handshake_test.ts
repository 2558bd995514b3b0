import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { randomBytes } from "node:crypto";
import { test } from "node:test";
import { DialHandshake, type DialIdentity } from "../../../server/peer/dial_handshake.ts";
import {
  createHandshakeReader,
  cut,
  encodeHandshake,
  HandshakeError,
  type HandshakeMessage,
  NONCE_BYTES,
} from "../../../server/peer/handshake.ts";
import { ListenHandshake, type ListenIdentity } from "../../../server/peer/listen_handshake.ts";
import { isProof, proofOf } from "../../../server/peer/secret.ts";
import { createRandom } from "../../../raft/random.ts";
import { dialIdentity, listenIdentity, SECRET, shakeHands } from "./shake_hands.ts";
import { tries } from "../../corpus.ts";

function nonce(): Uint8Array {
  return randomBytes(NONCE_BYTES);
}

const LISTENS = { nodeId: 1 };

function both(dial: Partial<DialIdentity> = {}, listen: Partial<ListenIdentity> = {}) {
  return shakeHands(
    new DialHandshake(dialIdentity(dial), nonce()),
    new ListenHandshake(listenIdentity({ ...LISTENS, ...listen }), nonce()),
  );
}

function refusal(action: () => unknown): string {
  try {
    action();
  } catch (error) {
    assert.ok(error instanceof HandshakeError, String(error));
    return error.message;
  }
  return "none";
}

test("two that share the secret welcome each other, and each learns the other's birth", () => {
  const births: number[] = [];
  const listen = { birth: 22, judge: (claim: { birth: number }) => (births.push(claim.birth), null) };
  const { dialled, listened } = both({ birth: 11, advertised: "[::1]:7102" }, listen);
  assert.ok(dialled?.type === "welcome" && dialled.birth === 22 && dialled.version === 3);
  assert.ok(listened?.type === "welcome" && listened.from === 2 && listened.version === 3);
  assert.deepEqual(births, [11]);
});

test("a node with another secret, of another cluster or with another number is not told who dials", () => {
  for (const other of [{ secret: Buffer.from("another secret!!") }, { clusterId: "prod" }, { nodeId: 3 }]) {
    const reason = refusal(() => both({}, other));
    assert.equal(reason, 'its secret differs from this node\'s, or it is not node 1 of cluster "test"');
  }
});

test("neither a hello nor a challenge holds the cluster's name, a number or a birth", () => {
  const identity = dialIdentity({ clusterId: "the-name", birth: 0x11223344, nodeId: 0x55667 });
  const hello = new DialHandshake(identity, new Uint8Array(NONCE_BYTES)).hello();
  const listen = new ListenHandshake(
    listenIdentity({ ...LISTENS, clusterId: "the-name", birth: 0x11223344, nodeId: 0x55667 }),
    new Uint8Array(NONCE_BYTES),
  );
  const challenge = listen.take(hello)!.bytes;
  for (const bytes of [hello, challenge]) {
    const text = Buffer.from(bytes).toString("latin1");
    assert.equal(text.includes("the-name"), false);
    assert.equal(text.includes("\x44\x33\x22\x11"), false);
    assert.equal(text.includes("\x67\x56\x05"), false);
  }
});

test("a refusal has its reason, and only the listening side can have made it", () => {
  const judge = () => ({ type: "no member", reason: "node 2 is not a member", index: 7 }) as const;
  const { dialled, said } = both({}, { judge });
  assert.deepEqual(dialled, { type: "refused", refusal: judge() });
  const forged = Buffer.from(said.at(-1)!.bytes);
  forged[forged.indexOf("not a member")] = 0x41;
  const dial = new DialHandshake(dialIdentity(), nonce());
  const listen = new ListenHandshake(listenIdentity({ ...LISTENS, judge }), nonce());
  const claim = dial.take(listen.take(dial.hello())!.bytes)!;
  assert.ok(claim.type === "send");
  assert.equal(refusal(() => dial.take(forged)), "its verdict is not proven");
});

test("a recorded handshake cannot be replayed, and a node does not accept its own messages", () => {
  const { said } = both();
  const listen = new ListenHandshake(listenIdentity(LISTENS), nonce());
  listen.take(said[0]!.bytes);
  assert.match(refusal(() => listen.take(said[2]!.bytes)), /it says that it is node 2, but does not prove it/);
  const dial = new DialHandshake(dialIdentity(), nonce());
  dial.hello();
  assert.match(refusal(() => dial.take(said[1]!.bytes)), /its secret differs/);

  // Somebody in between plays a node's own words back to it: node 1 dials node 2 and is dialled at the same time.
  const dials = new DialHandshake(dialIdentity({ nodeId: 1, peer: 2 }), nonce());
  const listens = new ListenHandshake(listenIdentity({ nodeId: 1 }), nonce());
  const challenge = listens.take(dials.hello())!;
  assert.match(refusal(() => dials.take(challenge.bytes)), /it is not node 2/);
});

test("a claim that was changed on the way is refused, whatever bit it was", () => {
  const random = createRandom(3);
  for (let round = 0; round < 300; round++) {
    const dial = new DialHandshake(dialIdentity({ birth: 9 }), nonce());
    const listen = new ListenHandshake(listenIdentity(LISTENS), nonce());
    const claim = dial.take(listen.take(dial.hello())!.bytes)!;
    assert.ok(claim.type === "send");
    const changed = Buffer.from(claim.bytes);
    // Behind the magic, the version and the length, which end the handshake for other reasons.
    const at = 12 + random.below(changed.length - 12);
    changed[at] = changed[at]! ^ (1 << random.below(8));
    assert.notEqual(refusal(() => assert.equal(listen.take(changed), "taken")), "none", `byte ${at}`);
  }
});

test("both sides agree on the highest common version, and nobody in between can lower it", () => {
  const { dialled } = both({ versions: { lowest: 3, highest: 6 } }, { versions: { lowest: 2, highest: 5 } });
  assert.ok(dialled?.type === "welcome" && dialled.version === 5);

  const dial = new DialHandshake(dialIdentity({ versions: { lowest: 3, highest: 6 } }), nonce());
  const listen = new ListenHandshake(listenIdentity({ ...LISTENS, versions: { lowest: 3, highest: 6 } }), nonce());
  const lowered = Buffer.from(dial.hello());
  lowered.writeUInt16LE(3, 12 + 3);
  assert.match(refusal(() => dial.take(listen.take(lowered)!.bytes)), /its secret differs/);
});

test("two without a common version part, and each says the other's", () => {
  const dial = new DialHandshake(dialIdentity({ versions: { lowest: 4, highest: 5 } }), nonce());
  const listen = new ListenHandshake(listenIdentity({ ...LISTENS, versions: { lowest: 3, highest: 3 } }), nonce());
  let parting: Uint8Array | null = null;
  const reason = refusal(() => {
    try {
      listen.take(dial.hello());
    } catch (error) {
      parting = (error as HandshakeError).parting;
      throw error;
    }
  });
  assert.equal(reason, "it speaks version 4 to 5 of the peers' protocol, and this node 3");
  assert.equal(refusal(() => dial.take(parting!)), "it speaks version 3 of the peers' protocol, and this node 4 to 5");
});

test("messages mean the same after the way, in one piece and in single bytes", () => {
  const proof = proofOf(SECRET, "kaya peer: dials", ["x"]);
  const messages: HandshakeMessage[] = [
    { type: "hello", versions: { lowest: 3, highest: 65_535 }, nonce: nonce() },
    { type: "challenge", version: 3, nonce: nonce(), proof },
    { type: "claim", from: 1_048_575, birth: 0xffff_fffe, address: "\ufeff[::1]:7101", proof },
    { type: "verdict", verdict: "welcome", birth: 7, index: 0, reason: "", proof },
    { type: "verdict", verdict: "no member", birth: 0, index: 2 ** 48, reason: "grün", proof },
    { type: "parting", versions: { lowest: 1, highest: 2 } },
  ];
  for (const message of messages) {
    const bytes = encodeHandshake(message);
    const read = createHandshakeReader().feed(Buffer.concat([bytes, Buffer.from("rest")]))!;
    assert.deepEqual(plain(read.message), plain(message));
    assert.equal(Buffer.from(read.rest).toString(), "rest");
    const reader = createHandshakeReader();
    const results = [...bytes].map((byte) => reader.feed(Uint8Array.of(byte)));
    assert.ok(results.slice(0, -1).every((result) => result === null));
    assert.deepEqual(plain(results.at(-1)!.message), plain(message));
  }
});

function plain(message: HandshakeMessage): unknown {
  return Object.entries(message).map(([name, value]) => [name, value instanceof Uint8Array ? [...value] : value]);
}

test("a long text is cut between characters, so that both sides have the same", () => {
  for (const text of ["x".repeat(300), "ü".repeat(200), "€".repeat(200), "𝄞".repeat(80)]) {
    const bytes = cut(text);
    assert.ok(bytes.length <= 255 && bytes.length > 250);
    assert.deepEqual(new TextEncoder().encode(new TextDecoder().decode(bytes)), bytes);
  }
  const { dialled } = both({ advertised: "ü".repeat(200) }, {
    judge: () => ({ type: "refused", reason: "€".repeat(99) }),
  });
  assert.ok(dialled?.type === "refused" && dialled.refusal.reason === "€".repeat(85));
});

test("another version of the handshake is distinguished from another protocol", () => {
  const feed = (text: string): string => refusal(() => createHandshakeReader().feed(Buffer.from(text, "latin1")));
  assert.equal(feed("kayapeer\x02\0\x05\0"), "it speaks version 2 of the peers' handshake, and this node 3");
  assert.equal(feed("GET / HTTP/1.1\r\n"), "it does not speak the protocol of peers");
  assert.equal(feed("*1\r\n"), "it does not speak the protocol of peers");
  assert.match(feed("kayapeer\x03\0\xff\xff"), /its handshake has 65535 bytes/);
});

test("random bytes at any point of a handshake are refused, or wait for more bytes", () => {
  const random = createRandom(2);
  let errors = 0;
  for (let round = 0; round < tries("KAYA_RANDOM_CASES", 4500); round++) {
    const dial = new DialHandshake(dialIdentity(), nonce());
    const listen = new ListenHandshake(listenIdentity(LISTENS), nonce());
    const steps = random.below(3);
    let bytes: Uint8Array = dial.hello();
    if (steps > 0) bytes = listen.take(bytes)!.bytes;
    if (steps > 1) bytes = (dial.take(bytes) as { bytes: Uint8Array }).bytes;
    const noisy = Buffer.from(bytes);
    for (let i = 1 + random.below(4); i > 0; i--) noisy[random.below(noisy.length)] = random.below(256);
    const input = Buffer.concat([noisy.subarray(0, random.below(noisy.length + 1)), Buffer.from([random.below(256)])]);
    try {
      const step = steps === 1 ? dial.take(input) : listen.take(input);
      assert.ok(step === null || step.type === "send");
    } catch (error) {
      assert.ok(error instanceof HandshakeError, String(error));
      errors++;
    }
  }
  assert.ok(errors > 300, `${errors} errors`);
});

test("a proof is bound to its kind and to each of its parts, and to where one part ends", () => {
  const proof = proofOf(SECRET, "kaya peer: dials", ["ab", 1, Uint8Array.of(2)]);
  assert.equal(isProof(proof, SECRET, "kaya peer: dials", ["ab", 1, Uint8Array.of(2)]), true);
  assert.equal(isProof(proof, SECRET, "kaya peer: listens", ["ab", 1, Uint8Array.of(2)]), false);
  assert.equal(isProof(proof, SECRET, "kaya peer: dials", ["a", "b", 1, Uint8Array.of(2)]), false);
  assert.equal(isProof(proof, SECRET, "kaya peer: dials", ["ab", 2, Uint8Array.of(2)]), false);
  assert.equal(isProof(proof, Buffer.from("another"), "kaya peer: dials", ["ab", 1, Uint8Array.of(2)]), false);
  assert.equal(isProof(proof.subarray(1), SECRET, "kaya peer: dials", ["ab", 1, Uint8Array.of(2)]), false);
});
