/**
 * The live half of a node: a disk that syncs, a clock that ticks, and connections to the members over TCP.
 *
 * @module
 */
export { createLiveClock } from "../live_clock.ts";
export { DiskError, type LiveDisk, openDisk } from "./disk.ts";
export { createTransport, type PeerState, type PeerStatus, type Refusal, type Transport } from "../peer/tcp.ts";
export type { TransportOptions } from "../peer/tcp.ts";
export {
  type Address,
  formatAddress,
  parseAddress,
  type PeerLimits,
  type PeerTimes,
  type TlsIdentity,
} from "../peer/peer_options.ts";
export type { DialerStatus } from "../peer/peer_dialer.ts";
export type { HandshakeRefusal, PeerVersions } from "../peer/handshake.ts";
