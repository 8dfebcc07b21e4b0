import { createCipheriv, createSecretKey, type KeyObject, randomBytes } from "node:crypto";
import fc from "fast-check";
import { expect, test } from "vitest";
import { commitmentDomain, commitmentOf } from "./commitment.js";
import { openPayload } from "./open-payload.js";
import { forms, runKey, uuidBytes } from "./sealed-format.js";
import { PayloadSealer } from "./sealer.js";
import { valuesLength, writeValues } from "./values.js";

const id = "3f1c2b9e-0d57-4c55-9a77-6c1a3f0b9d10";
const key = createSecretKey(randomBytes(32));
const keys = { current: () => ({ id, key }), byId: async () => key };

/** A payload as journals held them before payloads of a run shared one keystream. */
function sealedEarlier(dataKey: KeyObject, content: Buffer): { hash: string; sealed: Buffer } {
  const run = randomBytes(16);
  const nonce = Buffer.alloc(12, 3);
  const salted = Buffer.concat([randomBytes(32), content]);
  const cipher = createCipheriv("aes-256-gcm", runKey(dataKey, run), nonce);
  const covered = Buffer.concat([cipher.update(salted), cipher.final()]);
  return {
    hash: commitmentOf(Buffer.concat([commitmentDomain, salted])),
    sealed: Buffer.concat([Buffer.of(forms.earlier), uuidBytes(id), run, nonce, cipher.getAuthTag(), covered]),
  };
}

test("content of any length opens again, and so do bind values", async () => {
  const sealer = new PayloadSealer(keys);
  for (const length of [0, 1, 47, 2_000, 2_049, 16_384, 40_000, 262_144, 10]) {
    const content = randomBytes(length);
    const { hash, bytes, sealed } = sealer.seal(content);
    const kept = Buffer.from(sealed);
    expect(bytes).toBe(length);
    expect((await openPayload(keys, hash, kept)).content.equals(content)).toBe(true);
  }
  const values = [Buffer.from("12345"), null, Buffer.alloc(0)];
  const { hash, sealed } = sealer.sealValues(values);
  const expected = Buffer.alloc(valuesLength(values));
  writeValues(values, expected, 0);
  expect((await openPayload(keys, hash, Buffer.from(sealed))).content).toEqual(expected);
});

test("a payload of an older journal opens", async () => {
  const content = Buffer.from("alice@example.com");
  const { hash, sealed } = sealedEarlier(key, content);
  expect((await openPayload(keys, hash, sealed)).content).toEqual(content);
  sealed[sealed.length - 1]! ^= 1;
  await expect(openPayload(keys, hash, sealed)).rejects.toThrow("does not open");
});

test("no altered bit opens, nor another key, nor another payload's place", async () => {
  const sealer = new PayloadSealer(keys);
  const first = sealer.seal(Buffer.from("the first one"));
  const one = { hash: first.hash, sealed: Buffer.from(first.sealed) };
  const other = Buffer.from(sealer.seal(Buffer.from("the other one")).sealed);
  await fc.assert(
    fc.asyncProperty(fc.nat(one.sealed.length * 8 - 1), async (bit) => {
      // Which data key it is sealed under only says where to look; these keys have one for all.
      fc.pre(bit < 8 || bit >= 17 * 8);
      const altered = Buffer.from(one.sealed);
      altered[bit >> 3]! ^= 1 << (bit & 7);
      await expect(openPayload(keys, one.hash, altered)).rejects.toThrow("does not open");
    }),
    { numRuns: 300 },
  );
  await expect(openPayload(keys, one.hash, other)).rejects.toThrow("does not open");
  await expect(openPayload(keys, one.hash, one.sealed.subarray(0, -1))).rejects.toThrow("does not open");
  await expect(openPayload(keys, one.hash, Buffer.alloc(0))).rejects.toThrow("does not open");
  const stranger = { byId: async () => createSecretKey(randomBytes(32)) };
  await expect(openPayload(stranger, one.hash, one.sealed)).rejects.toThrow("does not open");
});

test("a new data key begins a run of its own", async () => {
  const second = { id: "3f1c2b9e-0d57-4c55-9a77-6c1a3f0b9d11", key: createSecretKey(randomBytes(32)) };
  let current = { id, key };
  const both = {
    current: () => current,
    byId: async (wanted: string) => (wanted === id ? key : second.key),
  };
  const sealer = new PayloadSealer(both);
  const content = Buffer.from("rotated");
  const before = sealer.seal(content);
  const kept = { hash: before.hash, sealed: Buffer.from(before.sealed) };
  current = second;
  const after = sealer.seal(content);
  expect(after.sealed.subarray(1, 17)).not.toEqual(kept.sealed.subarray(1, 17));
  for (const { hash, sealed } of [kept, after])
    expect((await openPayload(both, hash, sealed)).content).toEqual(content);
});
