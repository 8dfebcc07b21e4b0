/**
 * A request that clients begin with, and the gateway's answer to it: always the same one byte, so that a client need not
 * wait for it over a long way. One for each listener: `known` is what the gateway answered there last, and only that
 * is said before it is said again. A gateway that then refuses costs the client its first try without a word, and it
 * gets the gateway's own words with the next.
 */
export interface HeadStart {
  readonly request: Buffer;
  readonly answer: number;
  known: boolean;
}

/** PostgreSQL's SSLRequest, answered `S`. The gateway sees it as ever; what follows is the handshake that `S` asks for. */
const postgres = (): HeadStart => ({
  request: Buffer.from([0, 0, 0, 8, 0x04, 0xd2, 0x16, 0x2f]),
  answer: 0x53,
  known: false,
});

/** By protocol. */
export const headStarts: Readonly<Record<string, () => HeadStart>> = { postgres };

/** One connection's use of it. */
export class HeadStartUse {
  readonly #start: HeadStart;
  #state: "new" | "asked" | "promised" | "over" = "new";

  constructor(start: HeadStart) {
    this.#start = start;
  }

  /** The client was told what the gateway has not said yet. */
  get promised(): boolean {
    return this.#state === "promised";
  }

  /** The client's next bytes: what to tell it at once, or null. */
  fromClient(chunk: Buffer): Buffer | null {
    if (this.#state !== "new") return null;
    this.#state = chunk.equals(this.#start.request) ? "asked" : "over";
    if (this.#state === "over" || !this.#start.known) return null;
    this.#state = "promised";
    return Buffer.from([this.#start.answer]);
  }

  /** The gateway's next bytes: what of them is left to tell the client; null: they are not what it was told. */
  fromGateway(chunk: Buffer): Buffer | null {
    const { promised } = this;
    if (promised || this.#state === "asked") this.#start.known = chunk[0] === this.#start.answer;
    this.#state = "over";
    if (!promised) return chunk;
    return this.#start.known ? chunk.subarray(1) : null;
  }

  /** The gateway ended it without an answer. */
  refused(): void {
    if (this.#state === "asked" || this.promised) this.#start.known = false;
  }
}
