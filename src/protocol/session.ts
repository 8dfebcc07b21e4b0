import type { Connection, HoopError, MaskPlan, SessionId, Subject } from "../vocabulary/index.js";
import type { Answer, Ask, Waiting } from "./ask.js";

/** The client speaks to the gateway; the gateway speaks to the target. */
export type Side = "client" | "target";

/** Milliseconds since the epoch. Sessions have no clock: every call brings the time. */
export type Now = number;

/** Why a session ended; `text` was or may be shown to the person. */
export interface EndReason {
  readonly code:
    | "client-closed"
    | "target-closed"
    | "refused"
    | "killed"
    | "revoked"
    | "drained"
    | "timeout"
    | "malformed"
    | "limited"
    | "unavailable"
    | "login-failed"
    | "internal";
  readonly text: string;
}

/** What the gateway tells an open session. */
export type Order =
  /** Say why in the protocol's own words, then end; reply in flight is cut at a message boundary. */
  | { readonly kind: "end"; readonly reason: EndReason }
  /** Show a line to the person, without disturbing replies. */
  | { readonly kind: "notice"; readonly text: string }
  /** Rules or rights changed: answers given before (prepared statements, portals) are asked again before use. */
  | { readonly kind: "rejudge" }
  /** A cancel found this session by the key that it registered. */
  | { readonly kind: "cancel" }
  /** Somebody looks on until then (milliseconds since the epoch): what a terminal shows is to be noted at once. */
  | { readonly kind: "watched"; readonly until: Now };

/** What the target's end of a TLS handshake, or the client's, showed. */
export interface SecuredInfo {
  /** DER of the peer's certificate; null when it showed none. */
  readonly peerCertificate: Buffer | null;
  /** Whether the chain and, where asked for, the name were verified. */
  readonly verified: boolean;
  readonly alpn: string | null;
}

/** A thing worth writing down about what happened after the verdict. Statement notes name the ask they belong to. */
export type Note =
  | { readonly kind: "ready"; readonly targetVersion: string; readonly client: Readonly<Record<string, string>> }
  | {
      readonly kind: "finished";
      /** The ask's id. */
      readonly ask: number;
      readonly outcome: "ok" | "error" | "cancelled" | "suspended" | "unknown";
      readonly rows: number;
      /** Bytes of the reply as the target sent it. */
      readonly bytes: number;
      readonly maskedCells: number;
      /** The target's own code and text (masked), when it failed. */
      readonly error?: { readonly code: string; readonly text: string } | undefined;
      /** The command's own word for what it did, e.g. `SELECT 5`. */
      readonly tag?: string | undefined;
      /** How often each kind of value was found in the reply and masked, by detector or pattern; absent: nothing was. */
      readonly detected?: Readonly<Record<string, number>> | undefined;
    }
  /** A piece of what a terminal showed: lines of asciicast v2, the first piece with the header. Recorded sealed. */
  | { readonly kind: "screen"; readonly terminal: number; readonly part: number; readonly text: string }
  | { readonly kind: "warning"; readonly text: string };

/** What a session wants done. The driver does it in order. */
export type SessionEffect =
  /** Bytes to one side, in one write. */
  | { readonly kind: "send"; readonly to: Side; readonly bytes: Uint8Array }
  /** A `dial` is likely to come: the driver may begin to reach the target now. Only where nothing else is asked before it. */
  | { readonly kind: "reach" }
  /** Reach the target; answered by `opened` or `close("target")`. Sends to the target before that are an error. */
  | { readonly kind: "dial" }
  /** Have a statement judged; answered by `resolve(id, { kind: "answer" })`, perhaps hours later. */
  | { readonly kind: "ask"; readonly id: number; readonly ask: Ask }
  /** Nobody waits for that ask any more (cancelled, disconnected); an answer that still comes is ignored. */
  | { readonly kind: "withdraw"; readonly id: number; readonly why?: WithdrawReason }
  /** A result names relations that the plan of ask `ask` does not know; answered by `resolve(id, { kind: "masks" })`. */
  | { readonly kind: "lookup"; readonly id: number; readonly ask: number; readonly relations: readonly string[] }
  /** PBKDF2-HMAC-SHA-256 of the secret, off the loop; answered by `resolve(id, { kind: "derived" })`. */
  | {
      readonly kind: "derive";
      readonly id: number;
      readonly secret: string;
      readonly salt: Buffer;
      readonly iterations: number;
    }
  | { readonly kind: "note"; readonly note: Note }
  /** Stop or go on delivering one side's bytes. */
  | { readonly kind: "flow"; readonly side: Side; readonly flow: "pause" | "resume" }
  /** TLS on one side from the next byte on; `head` was received already and belongs to the handshake. Answered by `secured`. */
  | {
      readonly kind: "secure";
      readonly side: Side;
      readonly role: "client" | "server";
      readonly head: Buffer | null;
      readonly alpn: readonly string[];
    }
  /** `tick(name)` at that time; null clears it. One timer a name. */
  | { readonly kind: "timer"; readonly name: string; readonly at: Now | null }
  /** A cancel with this key (ours, not the target's) is meant for this session. */
  | { readonly kind: "register"; readonly key: string }
  /** This lane brought a cancel with that key. */
  | { readonly kind: "signal"; readonly key: string }
  /**
   * Send bytes to the target on a connection of their own and close it (a cancel). With `tls`: send `request` first, expect
   * the one byte `accept`, then TLS as for the session.
   */
  | {
      readonly kind: "aside";
      readonly bytes: Buffer;
      readonly tls: { readonly request: Buffer; readonly accept: number } | null;
      /** Answered by `resolve(id, { kind: "done" })` when the target has closed that connection, or it could not be had. */
      readonly id?: number | undefined;
    }
  /** All is said; the driver delivers what was sent and closes both sides. Nothing follows. */
  | { readonly kind: "end"; readonly reason: EndReason };

/** Why nobody waits for an ask any more: the person said so, the client left, or what it went through is going away. */
export type WithdrawReason = "cancelled" | "disconnected" | "restarted";

export type Resolution =
  | { readonly kind: "answer"; readonly answer: Answer }
  /** The ask's answer takes a while, and why; the ask stays open. */
  | { readonly kind: "waiting"; readonly waiting: Waiting }
  | { readonly kind: "masks"; readonly masks: MaskPlan | null }
  | { readonly kind: "derived"; readonly key: Buffer }
  | { readonly kind: "done" }
  /** The port behind the effect failed; the session fails closed. */
  | { readonly kind: "failed"; readonly error: HoopError };

/** How the gateway logs in to the target. Seen by the session only. */
export interface TargetCredential {
  readonly user: string;
  /** Null: the target asks for none (trust, peer). */
  readonly secret: string | null;
  /** The session acts as this role of the user's from its beginning; absent: as the user. */
  readonly role?: string | undefined;
}

export interface SessionLimits {
  /** Longest frame that is buffered whole, bytes. A longer client request is refused. */
  readonly maxFrame: number;
  /** Bytes of client input kept behind an open ask before the client is paused. */
  readonly maxQueued: number;
  /** From the first byte to a finished login, milliseconds. */
  readonly handshakeMs: number;
  /** Of what a session's terminals show, as it is recorded, bytes: at it the session ends. Absent: no bound. */
  readonly maxScreen?: number | undefined;
}

/** All that a session ever knows. */
export interface SessionInit {
  readonly session: SessionId;
  readonly subject: Subject;
  readonly connection: Connection;
  /** Not null: admission was refused; speak far enough to say why in the protocol's own words, then end. */
  readonly refusal: {
    readonly text: string;
    readonly hint?: string | undefined;
    readonly code: "denied" | "unavailable" | "unauthenticated" | "limited";
  } | null;
  /** The access itself is held or challenged: asked with phase `connect` before anything is dialled. */
  readonly asksToConnect?: boolean | undefined;
  /** Where the access is asked first: nobody's, until it is allowed. */
  readonly credential: TargetCredential;
  /** Whether bytes between gateway and target pass somebody who must not see the secret (an agent). */
  readonly viaAgent: boolean;
  /** Whether `secure` on the client's side can be asked for. */
  readonly clientTls: boolean;
  readonly limits: SessionLimits;
  /** For masks that hash, at least 16 bytes; absent: one of the session's own, so hashes compare within it only. */
  readonly maskKey?: Buffer | undefined;
  /** Unpredictable bytes; a fixed stream in tests. */
  readonly random: (n: number) => Buffer;
}

/**
 * A protocol spoken between two sides as a pure state machine: bytes in, effects out. No socket, no clock, no randomness
 * of its own, no promise, no log. "Not enough bytes yet" is an empty list; MalformedError means a peer broke the protocol.
 * Chunks given to `receive` belong to the session, which may change them in place.
 */
export interface WireSession {
  receive(from: Side, chunk: Buffer, now: Now): readonly SessionEffect[];
  resolve(id: number, resolution: Resolution, now: Now): readonly SessionEffect[];
  control(order: Order, now: Now): readonly SessionEffect[];
  /** The target answered the dial. */
  opened(now: Now): readonly SessionEffect[];
  secured(side: Side, info: SecuredInfo, now: Now): readonly SessionEffect[];
  tick(name: string, now: Now): readonly SessionEffect[];
  /** A side is gone (closed, failed to open, failed its handshake); `reason` says why where it is known. */
  close(from: Side, now: Now, reason?: HoopError): readonly SessionEffect[];
}

/** The session starts with no effect: a silent client is bounded by the driver's handshake deadline. */
export type CreateSession = (init: SessionInit) => WireSession;
