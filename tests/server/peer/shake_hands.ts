// Peers that a test plays itself: both sides of the handshake over a socket.
import { Buffer } from "node:buffer";
import { randomBytes } from "node:crypto";
import type net from "node:net";
import { DialHandshake, type DialIdentity } from "../../../server/peer/dial_handshake.ts";
import { NONCE_BYTES, PEER_VERSIONS } from "../../../server/peer/handshake.ts";
import { ListenHandshake, type ListenIdentity } from "../../../server/peer/listen_handshake.ts";

/** The secret of clusters in tests. */
export const SECRET: Uint8Array = Buffer.from("a secret of the tests alone");

export function dialIdentity(more: Partial<DialIdentity> = {}): DialIdentity {
  return {
    ...{ clusterId: "test", nodeId: 2, birth: 0, advertised: "127.0.0.1:1", peer: 1 },
    ...{ secret: SECRET, versions: PEER_VERSIONS, ...more },
  };
}

export function listenIdentity(more: Partial<ListenIdentity> = {}): ListenIdentity {
  return {
    ...{ clusterId: "test", nodeId: 2, birth: 0, secret: SECRET, versions: PEER_VERSIONS },
    ...{ judge: () => null, ...more },
  };
}

/** Shakes hands as the node that dials; resolves when it is welcome. */
export function dialAs(socket: net.Socket, identity: DialIdentity): Promise<void> {
  const handshake = new DialHandshake(identity, randomBytes(NONCE_BYTES));
  socket.write(handshake.hello());
  return new Promise((resolve, reject) => {
    const take = (chunk: Uint8Array): void => {
      try {
        const step = handshake.take(chunk);
        if (step === null) return;
        if (step.type === "send") return void socket.write(step.bytes);
        socket.off("data", take);
        if (step.type === "welcome") resolve();
        else reject(new Error(step.refusal.reason));
      } catch (error) {
        reject(error);
      }
    };
    socket.on("data", take);
    socket.on("close", () => reject(new Error("closed")));
  });
}

/** Shakes hands as the node that listens; resolves when it has said welcome. */
export function listenAs(socket: net.Socket, identity: ListenIdentity): Promise<void> {
  const handshake = new ListenHandshake(identity, randomBytes(NONCE_BYTES));
  return new Promise((resolve) => {
    const take = (chunk: Uint8Array): void => {
      const step = handshake.take(chunk);
      if (step === null) return;
      if (step.type !== "send") socket.off("data", take);
      socket.write(step.bytes);
      if (step.type === "welcome") resolve();
    };
    socket.on("data", take);
  });
}

/** Both sides of a handshake by turns, without sockets: what each of them said, and how it ended on the side of who dials. */
export function shakeHands(dial: DialHandshake, listen: ListenHandshake): {
  said: { by: "dial" | "listen"; bytes: Uint8Array }[];
  dialled: ReturnType<DialHandshake["take"]>;
  listened: ReturnType<ListenHandshake["take"]>;
} {
  const said: { by: "dial" | "listen"; bytes: Uint8Array }[] = [{ by: "dial", bytes: dial.hello() }];
  for (;;) {
    const listened = listen.take(said.at(-1)!.bytes)!;
    said.push({ by: "listen", bytes: listened.bytes });
    const dialled = dial.take(listened.bytes)!;
    if (dialled.type !== "send") return { said, dialled, listened };
    said.push({ by: "dial", bytes: dialled.bytes });
  }
}
