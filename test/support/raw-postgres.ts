import { connect, type Socket } from "node:net";
import { encodeQuery } from "../../src/protocols/postgres/codec/frontend.js";
import { encodeStartup } from "../../src/protocols/postgres/codec/startup.js";

/** One backend message: its type letter and body. */
export interface RawMessage {
  readonly type: string;
  readonly body: Buffer;
}

/** A client that sends exactly the bytes it is told to, and shows each message that comes back. */
export class RawPostgres {
  readonly socket: Socket;
  #bytes = Buffer.alloc(0);
  #messages: RawMessage[] = [];
  #waiting: (() => void) | null = null;
  closed = false;

  private constructor(socket: Socket) {
    this.socket = socket;
    socket.on("data", (chunk) => {
      this.#bytes = Buffer.concat([this.#bytes, chunk]);
      this.#split();
      this.#wake();
    });
    socket.on("error", () => {});
    socket.on("close", () => {
      this.closed = true;
      this.#wake();
    });
  }

  static async open(
    address: { host: string; port: number },
    parameters: Record<string, string> | null = {},
  ): Promise<RawPostgres> {
    const socket = connect({ ...address, noDelay: true });
    await new Promise((resolve, reject) => socket.once("connect", resolve).once("error", reject));
    const raw = new RawPostgres(socket);
    if (parameters !== null) {
      raw.send(encodeStartup(Object.entries({ user: "ada", ...parameters })));
      await raw.until("Z");
    }
    return raw;
  }

  #split(): void {
    while (this.#bytes.length >= 5) {
      const length = this.#bytes.readInt32BE(1) + 1;
      if (this.#bytes.length < length) return;
      this.#messages.push({ type: String.fromCharCode(this.#bytes[0]!), body: this.#bytes.subarray(5, length) });
      this.#bytes = this.#bytes.subarray(length);
    }
  }

  #wake(): void {
    const wake = this.#waiting;
    this.#waiting = null;
    wake?.();
  }

  send(...frames: Buffer[]): void {
    this.socket.write(Buffer.concat(frames));
  }

  /** Messages up to and including the first of this type (or the end of the connection). */
  async until(type: string, ms = 30_000): Promise<RawMessage[]> {
    const deadline = Date.now() + ms;
    for (;;) {
      const at = this.#messages.findIndex((message) => message.type === type);
      if (at >= 0) return this.#messages.splice(0, at + 1);
      if (this.closed) return this.#messages.splice(0);
      const left = deadline - Date.now();
      if (left <= 0) throw new Error(`no ${type} within ${ms} ms; got ${this.#messages.map((m) => m.type).join("")}`);
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, left);
        this.#waiting = () => {
          clearTimeout(timer);
          resolve();
        };
      });
    }
  }

  async query(sql: string): Promise<RawMessage[]> {
    this.send(encodeQuery(sql));
    return this.until("Z");
  }

  /** Messages that came and were not asked for. */
  rest(): RawMessage[] {
    return this.#messages.splice(0);
  }

  close(): void {
    this.socket.destroy();
  }
}

export const types = (messages: readonly RawMessage[]): string => messages.map(({ type }) => type).join("");

/** The text cells of the DataRows. */
export function cells(messages: readonly RawMessage[]): (string | null)[][] {
  return messages
    .filter(({ type }) => type === "D")
    .map(({ body }) => rowOf(body).map((cell) => cell?.toString("utf8") ?? null));
}

export function rowOf(body: Buffer): (Buffer | null)[] {
  const row: (Buffer | null)[] = [];
  let at = 2;
  for (let n = body.readUInt16BE(0); n > 0; n--) {
    const size = body.readInt32BE(at);
    at += 4;
    row.push(size < 0 ? null : body.subarray(at, at + size));
    at += Math.max(0, size);
  }
  return row;
}

/** One field of the first ErrorResponse or NoticeResponse: `C` SQLSTATE, `M` message. */
export function field(messages: readonly RawMessage[], letter: string, type = "E"): string | undefined {
  const report = messages.find((message) => message.type === type);
  for (const part of report?.body.toString("utf8").split("\0") ?? []) if (part.startsWith(letter)) return part.slice(1);
  return undefined;
}
