/** What one name means: to the target, and to what was sent behind the newest proposal. */
class Meaning<T> {
  confirmed: T | undefined = undefined;
  /** Undefined: nothing waits for the target. Null: closed. */
  proposed: T | null | undefined = undefined;
  segment = 0;
  /** Of what is confirmed, as it was weighed last. */
  weight = 0;
}

/**
 * What the names of prepared statements (or portals) mean at the target, followed through pipelining. A name that was sent
 * counts within its own pipeline at once, since a failure would discard what follows, but beyond the next Sync only once
 * the target confirmed it: until then nobody knows whether the old meaning stands.
 */
export class Names<T> {
  readonly #named = new Map<string, Meaning<T>>();
  /** The one that comes with every statement is not looked for. */
  readonly #unnamed = new Meaning<T>();
  /** Names that mean something to the target: who asks for these must not walk over all that are under way. */
  readonly #known = new Set<string>();
  readonly #weigh: (value: T) => number;
  #proposals = 0;
  #weight = 0;

  constructor(weigh: (value: T) => number = () => 0) {
    this.#weigh = weigh;
  }

  /** What all confirmed ones weigh together. */
  get weight(): number {
    return this.#weight;
  }

  /** The client sent it: `value` for a new meaning, null for none (closed). */
  propose(name: string, value: T | null, segment: number): void {
    let meaning = this.#find(name);
    if (meaning === undefined) {
      meaning = new Meaning<T>();
      this.#named.set(name, meaning);
    }
    if (meaning.proposed === undefined) this.#proposals++;
    meaning.proposed = value;
    meaning.segment = segment;
  }

  /** The target did it. */
  confirm(name: string, value: T | null): void {
    let meaning = this.#find(name);
    if (meaning === undefined) {
      if (value === null) return;
      meaning = new Meaning<T>();
      this.#named.set(name, meaning);
    }
    this.#mean(name, meaning, value ?? undefined);
    this.#settle(name, meaning, value);
  }

  /** The target failed or never looked at it. */
  refuse(name: string, value: T | null): void {
    const meaning = this.#find(name);
    if (meaning !== undefined) this.#settle(name, meaning, value);
  }

  /** What the name means to a message of this segment, null: nothing; `unsettled`: wait for the target's replies first. */
  get(name: string, segment: number): T | null | "unsettled" {
    const meaning = this.#find(name);
    if (meaning === undefined) return null;
    if (meaning.proposed === undefined) return meaning.confirmed ?? null;
    return meaning.segment === segment ? meaning.proposed : "unsettled";
  }

  /** What the name means to the target, as far as it has said. */
  settled(name: string): T | undefined {
    return this.#find(name)?.confirmed;
  }

  /** What was confirmed has grown or shrunk since; anything else is not weighed. */
  weighAgain(name: string, value: T): void {
    const meaning = this.#find(name);
    if (meaning?.confirmed === value) this.#weighed(meaning, this.#weigh(value));
  }

  /** Whether some name waits for the target. */
  get unsettled(): boolean {
    return this.#proposals > 0;
  }

  get size(): number {
    return this.#named.size;
  }

  *confirmed(): IterableIterator<[string, T]> {
    if (this.#unnamed.confirmed !== undefined) yield ["", this.#unnamed.confirmed];
    for (const name of this.#known) yield [name, this.#named.get(name)!.confirmed!];
  }

  forget(name: string): void {
    const meaning = this.#find(name);
    if (meaning === undefined) return;
    this.#mean(name, meaning, undefined);
    this.#drop(name, meaning);
  }

  /** The target dropped all that it had; what was sent since still stands. */
  forgetAll(): void {
    this.#mean("", this.#unnamed, undefined);
    for (const name of this.#known) this.forget(name);
  }

  #find(name: string): Meaning<T> | undefined {
    return name === "" ? this.#unnamed : this.#named.get(name);
  }

  #mean(name: string, meaning: Meaning<T>, value: T | undefined): void {
    this.#weighed(meaning, value === undefined ? 0 : this.#weigh(value));
    meaning.confirmed = value;
    if (name === "") return;
    if (value === undefined) this.#known.delete(name);
    else this.#known.add(name);
  }

  #weighed(meaning: Meaning<T>, weight: number): void {
    this.#weight += weight - meaning.weight;
    meaning.weight = weight;
  }

  #settle(name: string, meaning: Meaning<T>, value: T | null): void {
    if (meaning.proposed === value) {
      meaning.proposed = undefined;
      this.#proposals--;
    }
    this.#drop(name, meaning);
  }

  /** What means nothing any more is not kept. */
  #drop(name: string, meaning: Meaning<T>): void {
    if (meaning.confirmed === undefined && meaning.proposed === undefined) this.#named.delete(name);
  }
}
