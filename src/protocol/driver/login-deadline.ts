/** How long a session may take to log in. */
export class LoginDeadline {
  readonly #ms: number;
  readonly #passed: (ms: number) => void;
  #timer: NodeJS.Timeout | undefined;

  constructor(ms: number, passed: (ms: number) => void) {
    this.#ms = ms;
    this.#passed = passed;
  }

  /** Anew, if it ran already. */
  start(): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#passed(this.#ms), this.#ms);
  }

  stop(): void {
    clearTimeout(this.#timer);
  }
}
