import { createSecretKey, type KeyObject, randomBytes, randomUUID } from "node:crypto";
import { HoopError } from "../vocabulary/index.js";
import type { MasterKeys } from "./master-key.js";
import { open, seal } from "./sealing.js";
import type { SealedDataKey, SecretStore } from "./store.js";

export interface DataKey {
  readonly id: string;
  readonly generation: number;
  /** 32 bytes */
  readonly key: KeyObject;
}

/** The keys of one purpose: the newest seals, every one opens. */
export interface KeyRing {
  current(): DataKey;
  /** Asks the store when the id is not known here yet. Throws HoopError `precondition-failed` when nobody has it. */
  byId(id: string): Promise<KeyObject>;
}

const binding = (purpose: string, id: string) => `hoop data key v1/${purpose}/${id}`;

/** All data keys of a deployment, opened, by purpose. */
export class DataKeys {
  readonly #store: SecretStore;
  readonly #master: MasterKeys;
  readonly #opened = new Map<string, DataKey & { readonly purpose: string }>();
  readonly #newest = new Map<string, DataKey>();

  constructor(store: SecretStore, master: MasterKeys) {
    this.#store = store;
    this.#master = master;
  }

  /** Reads the keys anew: at start, and when another replica rotated. Finishes a rotation of the master key. */
  async refresh(): Promise<void> {
    const sealed = await this.#store.dataKeys();
    for (const key of sealed) {
      if (!this.#opened.has(key.id))
        this.#add(key.purpose, { id: key.id, generation: key.generation, key: this.#open(key) });
      if (key.masterKeyId !== this.#master.current.id) await this.#resealUnderCurrent(key);
    }
    const kept = new Set(sealed.map((key) => key.id));
    for (const id of this.#opened.keys()) if (!kept.has(id)) this.#opened.delete(id);
  }

  /** The newest key of a purpose; made when it is the first. */
  async newest(purpose: string): Promise<DataKey> {
    const known = this.#newest.get(purpose);
    if (known !== undefined) return known;
    await this.refresh();
    return this.#newest.get(purpose) ?? (await this.next(purpose));
  }

  /** A key of the next generation. Two replicas at once make one key. */
  async next(purpose: string): Promise<DataKey> {
    const generation = (this.#newest.get(purpose)?.generation ?? 0) + 1;
    const id = randomUUID();
    const bytes = randomBytes(32);
    const sealed = seal(this.#master.current.sealingKey(purpose, id), binding(purpose, id), bytes);
    if (await this.#store.addDataKey({ id, purpose, generation, masterKeyId: this.#master.current.id, sealed })) {
      return this.#add(purpose, { id, generation, key: createSecretKey(bytes) });
    }
    await this.refresh();
    const theirs = this.#newest.get(purpose);
    if (theirs === undefined) throw new HoopError("unavailable", `no data key for ${purpose} could be made`);
    return theirs;
  }

  async byId(purpose: string, id: string): Promise<KeyObject> {
    if (!this.#opened.has(id)) await this.refresh();
    const found = this.#opened.get(id);
    if (found === undefined || found.purpose !== purpose)
      throw new HoopError("precondition-failed", `the ${purpose} data key ${id} is not in this store`);
    return found.key;
  }

  async ring(purpose: string): Promise<KeyRing> {
    await this.newest(purpose);
    return { current: () => this.#newest.get(purpose)!, byId: (id) => this.byId(purpose, id) };
  }

  #add(purpose: string, key: DataKey): DataKey {
    this.#opened.set(key.id, { ...key, purpose });
    const newest = this.#newest.get(purpose);
    if (newest === undefined || newest.generation < key.generation) this.#newest.set(purpose, key);
    return key;
  }

  #open(key: SealedDataKey): KeyObject {
    const { current, previous } = this.#master;
    const master = key.masterKeyId === current.id ? current : key.masterKeyId === previous?.id ? previous : null;
    if (master === null) {
      throw new HoopError(
        "precondition-failed",
        `the secrets of this store are sealed under master key ${key.masterKeyId}, and the one given is ${current.id}`,
        {
          hint: "give the right HOOP_MASTER_KEY, or the old one as HOOP_MASTER_KEY_PREVIOUS",
        },
      );
    }
    return createSecretKey(open(master.sealingKey(key.purpose, key.id), binding(key.purpose, key.id), key.sealed));
  }

  async #resealUnderCurrent(key: SealedDataKey): Promise<void> {
    const { current } = this.#master;
    const bytes = this.#opened.get(key.id)!.key.export();
    await this.#store.resealDataKey(
      key.id,
      key.masterKeyId,
      current.id,
      seal(current.sealingKey(key.purpose, key.id), binding(key.purpose, key.id), bytes),
    );
  }
}
