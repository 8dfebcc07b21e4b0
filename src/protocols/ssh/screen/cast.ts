import { StringDecoder } from "node:string_decoder";
import { Pace } from "./pace.js";

export interface CastPorts {
  /** Milliseconds since the epoch. */
  now(): number;
  /** A piece that is whole lines; `written` once it would outlive this process. */
  write(part: number, text: string, written: () => void): void;
  /** On: no more is to come until it is off. */
  brake(on: boolean): void;
}

/** A piece is written when it is this long, or this old: what is recorded is at most this much behind what is shown. */
const maxPiece = 64 * 1024;
const maxAgeMs = 3_000;
/** While somebody looks on. */
const watchedAgeMs = 200;
/** Characters that are on their way to the journal: more than this, and the target waits; less than a quarter, and it goes on. */
const maxUnwritten = 1024 * 1024;

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
  readonly #pace = new Pace();
  #rest: NodeJS.Timeout | null = null;
  #unwritten = 0;
  #behind = false;
  #braked = false;
  #watchedUntil = 0;

  constructor(ports: CastPorts, screen: { columns: number; rows: number; term: string }) {
    this.#ports = ports;
    this.#begun = ports.now();
    const { columns, rows, term } = screen;
    const timestamp = Math.floor(this.#begun / 1000);
    this.#add(JSON.stringify({ version: 2, width: columns, height: rows, timestamp, env: { TERM: term } }));
  }

  output(data: Buffer): void {
    const wait = this.#pace.took(data.length, this.#ports.now());
    if (wait > 0 && this.#rest === null) {
      this.#rest = setTimeout(() => {
        this.#rest = null;
        this.#brake();
      }, wait).unref();
      this.#brake();
    }
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

  /** Somebody looks on until then. */
  watched(until: number): void {
    this.#watchedUntil = until;
    if (this.#lines.length > 0 && until > this.#ports.now()) this.#write();
  }

  end(): void {
    if (this.#rest) clearTimeout(this.#rest);
    this.#rest = null;
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
    else
      this.#timer ??= setTimeout(
        () => this.#write(),
        this.#watchedUntil > this.#ports.now() ? watchedAgeMs : maxAgeMs,
      ).unref();
  }

  #write(): void {
    if (this.#timer) clearTimeout(this.#timer);
    this.#timer = null;
    if (this.#lines.length === 0) return;
    const text = `${this.#lines.join("\n")}\n`;
    this.#lines = [];
    this.#length = 0;
    this.#unwritten += text.length;
    if (this.#unwritten > maxUnwritten) {
      this.#behind = true;
      this.#brake();
    }
    this.#ports.write(this.#part++, text, () => {
      this.#unwritten -= text.length;
      if (this.#unwritten > maxUnwritten / 4) return;
      this.#behind = false;
      this.#brake();
    });
  }

  /** The target waits while too much is on its way to the journal, and where it shows more than anybody reads. */
  #brake(): void {
    const on = this.#behind || this.#rest !== null;
    if (on === this.#braked) return;
    this.#braked = on;
    this.#ports.brake(on);
  }
}
