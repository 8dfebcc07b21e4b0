import { createHmac, type KeyObject } from "node:crypto";
import type { KeyRing } from "../../secrets/index.js";
import { open, seal } from "../../secrets/sealing.js";

/** A sealed value and the key that opens it. */
export interface Sealed {
  readonly keyId: string;
  readonly sealed: Buffer;
}

/** Seals what reviews hold, each value bound to its place. */
export interface ReviewSealer {
  seal(place: string, value: unknown): Sealed;
  open<T>(place: string, sealed: { readonly key_id: string; readonly sealed: Buffer }): Promise<T>;
  /** Of a binding digest, keyed: the plain one would let whoever reads the table test guesses of a held statement's values. */
  digest(plain: string): Buffer;
}

const binding = (keyId: string, place: string) => `hoop review v1\0${keyId}\0${place}`;

/** `digestKey` stays the same through rotations: approvals are found by what it makes. */
export function createReviewSealer(keys: KeyRing, digestKey: KeyObject): ReviewSealer {
  return {
    seal(place, value) {
      const { id, key } = keys.current();
      return { keyId: id, sealed: seal(key, binding(id, place), Buffer.from(JSON.stringify(value))) };
    },
    async open<T>(place: string, { key_id, sealed }: { readonly key_id: string; readonly sealed: Buffer }): Promise<T> {
      const plain = open(await keys.byId(key_id), binding(key_id, place), sealed);
      return JSON.parse(plain.toString("utf8")) as T;
    },
    digest: (plain) => createHmac("sha256", digestKey).update(`hoop review digest v1\0${plain}`).digest(),
  };
}

export const places = {
  head: (review: string) => `${review}\0head`,
  body: (review: string) => `${review}\0body`,
  rehearsal: (review: string) => `${review}\0rehearsal`,
  reason: (review: string, by: string) => `${review}\0reason\0${by}`,
  comment: (review: string, n: number) => `${review}\0comment\0${n}`,
} as const;
