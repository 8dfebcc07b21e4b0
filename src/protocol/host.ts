import type { Pipe } from "../transport/pipe.js";
import type { HoopError, MaskPlan } from "../vocabulary/index.js";
import type { Answer, Ask } from "./ask.js";
import type { Note, Order, SessionInit } from "./session.js";

/** The certificate that the gateway shows to a client, for the lane's own connection name. PEM. */
export interface ServerCertificate {
  readonly key: string;
  /** Leaf first, then the CA. */
  readonly chain: string;
}

/** Judges one session's asks. */
export interface Gate {
  /** Calls back exactly once, perhaps before it returns, perhaps hours later; never throws, never rejects: failure is a denial. */
  judge(id: number, ask: Ask, answer: (answer: Answer) => void): void;
  /** Nobody waits for the answer any more: a hold or challenge behind it may be closed. */
  withdraw?(id: number): void;
  /** The plan of an earlier ask, made anew with these relations looked up. */
  lookup(ask: number, relations: readonly string[], answer: (result: MaskPlan | null | HoopError) => void): void;
}

/** Everything that a protocol is given to serve one session: two pipes and the ports around them. */
export interface SessionHost {
  readonly init: SessionInit;
  readonly client: Pipe;
  /** Reaches the target through the agent, or says why it cannot. */
  dial(signal: AbortSignal): Promise<Pipe>;
  readonly gate: Gate;
  note(note: Note): void;
  serverCertificate(): Promise<ServerCertificate>;
  /** Orders to the session; the listener is called until `signal` aborts. */
  onOrder(listener: (order: Order) => void): void;
  /** Cancel keys: `register` claims one for this session, `signal` delivers a cancel to whoever claimed it. */
  readonly cancels: { register(key: string): void; signal(key: string): void };
  /** Aborts when the gateway will wait no longer. */
  readonly signal: AbortSignal;
}
