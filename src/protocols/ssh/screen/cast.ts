import { StringDecoder } from "node:string_decoder";

export interface CastPorts {
  /** Milliseconds since the epoch. */
  now(): number;
  /** A piece that is whole lines. */
  write(part: number, text: string): void;
}

/** A piece is written when it is this long, or this old: what is recorded is at most this much behind what is shown. */
const maxPiece = 64 * 1024;
const maxAgeMs = 10_000;

/**
 * A terminal's recording as asciicast v2 (docs.asciinema.org/manual/asciicast/v2), in pieces. What was typed is in it only as the target
 * echoed it: a password at a prompt without echo never is.
 */
export class Cast {
  readonly #ports: CastPorts;
  readonly #begun: number;
  readonly #decoder = new StringDecoder("utf8");
  #lines: string[] = [];
  #length = 0;
  #part = 0;
  #timer: NodeJS.Timeout | null = null;

  constructor(ports: CastPorts, screen: { columns: number; rows: number; term: string }) {
    this.#ports = ports;
    this.#begun = ports.now();
    const { columns, rows, term } = screen;
    const timestamp = Math.floor(this.#begun / 1000);
    this.#add(JSON.stringify({ version: 2, width: columns, height: rows, timestamp, env: { TERM: term } }));
  }

  output(data: Buffer): void {
    const text = this.#decoder.write(data);
    if (text !== "") this.#event("o", text);
  }

  resized(columns: number, rows: number): void {
    this.#event("r", `${columns}x${rows}`);
  }

  /** A place to come back to, without what was typed there. */
  marker(label: string): void {
    this.#event("m", label);
  }

  end(): void {
    const rest = this.#decoder.end();
    if (rest !== "") this.#event("o", rest);
    this.#write();
  }

  #event(code: "o" | "r" | "m", data: string): void {
    this.#add(JSON.stringify([(this.#ports.now() - this.#begun) / 1000, code, data]));
  }

  #add(line: string): void {
    this.#lines.push(line);
    this.#length += line.length + 1;
    if (this.#length >= maxPiece) this.#write();
    else this.#timer ??= setTimeout(() => this.#write(), maxAgeMs).unref();
  }

  #write(): void {
    if (this.#timer) clearTimeout(this.#timer);
    this.#timer = null;
    if (this.#lines.length === 0) return;
    const text = `${this.#lines.join("\n")}\n`;
    this.#lines = [];
    this.#length = 0;
    this.#ports.write(this.#part++, text);
  }
}
