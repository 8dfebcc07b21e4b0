import { timeLeft, type Waiting } from "../../../protocol/index.js";
import type { Report } from "../errors.js";
import type { Core } from "./core.js";

const timer = "waits";
/** How often a client that waits for people is told so again: often enough to see that it lives, seldom enough to read on. */
const everyMs = 30_000;

/** Tells a client that it waits, at once and again, until it does no longer. */
export class Waits {
  readonly #core: Core;
  readonly #say: (report: Report) => void;
  #waiting: Waiting | null = null;

  constructor(core: Core, say: (report: Report) => void) {
    this.#core = core;
    this.#say = say;
  }

  /** What is waited for now. */
  get waiting(): Waiting | null {
    return this.#waiting;
  }

  told(waiting: Waiting): void {
    const known = this.#waiting;
    this.#waiting = waiting;
    if (known !== null && known.text === waiting.text && known.link === waiting.link) return;
    this.#speak(waiting);
  }

  tick(name: string): void {
    if (name === timer && this.#waiting !== null) this.#speak(this.#waiting);
  }

  over(): void {
    if (this.#waiting === null) return;
    this.#waiting = null;
    this.#core.out.push({ kind: "timer", name: timer, at: null });
  }

  #speak({ text, link, for: what, until }: Waiting): void {
    const held = what === "hold";
    const left =
      until === undefined ? "" : `; ${held ? "undecided" : "unanswered"} it ends in ${timeLeft(until, this.#core.now)}`;
    const message = `hoop: ${text}${held ? ":" : ""} ${link} (Ctrl-C ${held ? "withdraws" : "gives up"}${left})`;
    this.#say({ severity: "NOTICE", code: "00000", message });
    this.#core.out.push({ kind: "timer", name: timer, at: this.#core.now + everyMs });
  }
}

/** What to say to a client that can no longer be kept waiting, but may come back for the same. */
export function comeBack({ for: what, id, link }: Waiting): Pick<Report, "detail" | "hint"> {
  if (what === "challenge") return { hint: "Run it again to be asked for your second factor." };
  return {
    detail: `It waited for review ${id}, which goes on without it: ${link}`,
    hint: "Run the very same again to wait for the same review, or to use its approval.",
  };
}

/** What a client is told before the target's own last words, which know nothing of what it waited for. */
export function goesOnWithout(waiting: Waiting): Report {
  return { severity: "NOTICE", code: "00000", message: "hoop: the target ends this session", ...comeBack(waiting) };
}
