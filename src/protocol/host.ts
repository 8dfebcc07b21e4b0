import type { Pipe } from "../transport/pipe.js";
import type { HoopError, MaskPlan } from "../vocabulary/index.js";
import type { Answer, Ask, Waiting } from "./ask.js";
import type { Note, Order, SessionInit, WithdrawReason } from "./session.js";

/** The certificate that the gateway shows to a client, for the lane's own connection name. PEM. */
export interface ServerCertificate {
  readonly key: string;
  /** Leaf first, then the CA. */
  readonly chain: string;
}

/** Judges one session's asks. */
export interface Gate {
  /** Calls back exactly once, perhaps before it returns, perhaps hours later; never throws, never rejects: failure is a denial. */
  judge(id: number, ask: Ask, answer: (answer: Answer) => void, waits?: (waiting: Waiting) => void): void;
  /**
   * What the rules in force for this session ask of its protocol: `hold`, `attribute:body` … A protocol to which it costs
   * something to tell an attribute looks here first. Absent: nothing is asked for.
   */
  needs?(): ReadonlySet<string>;
  /** Nobody waits for the answer any more: a hold or challenge behind it is closed, and `answer` is not called. */
  withdraw?(id: number, why?: WithdrawReason): void;
  /** The plan of an earlier ask, made anew with these relations looked up. */
  lookup(ask: number, relations: readonly string[], answer: (result: MaskPlan | null | HoopError) => void): void;
}

/** Who hosts and users are, for protocols that tell them by keys. */
export interface SessionKeys {
  /** 32 bytes of which the gateway's own host key is made: the same on every replica. */
  hostKeySeed(): Promise<Buffer>;
  /** The 32-byte seed of a key and a certificate for this login name at the target, signed by the gateway's own authority for minutes. */
  userCertificate(user: string): Promise<{ readonly seed: Buffer; readonly certificate: Buffer }>;
  /** Keys of the target as they were seen first, base64 of the wire form; null: it was never seen. */
  known(): Promise<readonly string[] | null>;
  /** A JSON Web Token that says who this session is, for minutes and for this audience only; absent: nothing signs here. */
  identityToken?(audience: string): Promise<string>;
  /** Keeps the first key; false: another was kept meanwhile. */
  learn(key: string): Promise<boolean>;
}

/** Everything that a protocol is given to serve one session: two pipes and the ports around them. */
export interface SessionHost {
  readonly init: SessionInit;
  readonly client: Pipe;
  /** Reaches the target through the agent, or says why it cannot. */
  dial(signal: AbortSignal): Promise<Pipe>;
  readonly gate: Gate;
  /** `written` is called for a `screen` only: once it would outlive this process, or with why it cannot be kept. */
  note(note: Note, written?: (error: HoopError | null) => void): void;
  serverCertificate(): Promise<ServerCertificate>;
  /** Keys of both hops, for protocols that know hosts and users by keys; absent where nothing needs them. */
  readonly keys?: SessionKeys | undefined;
  /** Orders to the session; the listener is called until `signal` aborts. */
  onOrder(listener: (order: Order) => void): void;
  /** Cancel keys: `register` claims one for this session, `signal` delivers a cancel to whoever claimed it. */
  readonly cancels: { register(key: string): void; signal(key: string): void };
  /** Aborts when the gateway will wait no longer. */
  readonly signal: AbortSignal;
}
