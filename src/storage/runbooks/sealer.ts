import type { KeyRing } from "../../secrets/index.js";
import { open, seal } from "../../secrets/sealing.js";

/** Seals what runs hold, each value bound to its place. */
export interface RunSealer {
  seal(place: string, value: unknown): { readonly keyId: string; readonly sealed: Buffer };
  open<T>(place: string, sealed: { readonly key_id: string; readonly sealed: Buffer }): Promise<T>;
}

const binding = (keyId: string, place: string) => `hoop run v1\0${keyId}\0${place}`;

export function createRunSealer(keys: KeyRing): RunSealer {
  return {
    seal(place, value) {
      const { id, key } = keys.current();
      return { keyId: id, sealed: seal(key, binding(id, place), Buffer.from(JSON.stringify(value))) };
    },
    async open<T>(place: string, { key_id, sealed }: { readonly key_id: string; readonly sealed: Buffer }): Promise<T> {
      return JSON.parse(open(await keys.byId(key_id), binding(key_id, place), sealed).toString("utf8")) as T;
    },
  };
}
