import { timeLeft, type Waiting } from "../../protocol/index.js";

/** How often somebody who waits for people is told so again. */
const everyMs = 30_000;

/** Tells a person that something waits, at once and again, until it does no longer. */
export class Waits {
  readonly #say: (line: string) => void;
  #last: Waiting | null = null;
  #timer: NodeJS.Timeout | null = null;

  constructor(say: (line: string) => void) {
    this.#say = say;
  }

  told(waiting: Waiting): void {
    const before = this.#last;
    this.#last = waiting;
    if (before?.text !== waiting.text || before.link !== waiting.link) this.#speak();
    this.#timer ??= setInterval(() => this.#speak(), everyMs).unref();
  }

  over(): void {
    if (this.#timer) clearInterval(this.#timer);
    this.#timer = null;
    this.#last = null;
  }

  #speak(): void {
    if (this.#last === null) return;
    const { text, link, for: what, until } = this.#last;
    const held = what === "hold";
    const left =
      until === undefined ? "" : ` (${held ? "undecided" : "unanswered"} it ends in ${timeLeft(until, Date.now())})`;
    this.#say(`hoop: ${text}${held ? ":" : ""} ${link}${left}\r\n`);
  }
}
