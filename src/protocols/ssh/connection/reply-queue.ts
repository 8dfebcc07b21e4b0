/**
 * Requests that want an answer are answered in their order (RFC 4254, section 4 and 5.4), though some go on to the other end and
 * some are answered here.
 */
export class ReplyQueue {
  readonly #slots: { answer: Buffer | null; readonly away: boolean }[] = [];
  readonly #deliver: (answer: Buffer) => void;

  constructor(deliver: (answer: Buffer) => void) {
    this.#deliver = deliver;
  }

  get length(): number {
    return this.#slots.length;
  }

  /** A request went on: its answer comes from there. */
  forwarded(): void {
    this.#slots.push({ answer: null, away: true });
  }

  /** A request that is still being judged; the way to answer it later, or to say that it went on. */
  reserved(): { answer(answer: Buffer): void; forwarded(): void } {
    const slot: { answer: Buffer | null; away: boolean } = { answer: null, away: false };
    this.#slots.push(slot);
    return {
      answer: (answer) => {
        slot.answer = answer;
        this.#flush();
      },
      forwarded: () => {
        slot.away = true;
      },
    };
  }

  answered(answer: Buffer): void {
    this.#slots.push({ answer, away: false });
    this.#flush();
  }

  /** The other end answered the oldest request that went there. False: it answered nothing that was asked. */
  came(answer: Buffer): boolean {
    const slot = this.#slots.find((one) => one.away && one.answer === null);
    if (!slot) return false;
    slot.answer = answer;
    this.#flush();
    return true;
  }

  #flush(): void {
    while (this.#slots[0]?.answer) this.#deliver(this.#slots.shift()!.answer!);
  }
}
