import { pbkdf2Sync } from "node:crypto";
import { describe, expect, it } from "vitest";
import { stretch } from "./stretch.js";

const stretched = (secret: string, salt: Buffer, iterations: number) =>
  new Promise<Buffer>((resolve, reject) =>
    stretch(secret, salt, iterations, (error, key) => (error === null ? resolve(key) : reject(error))),
  );

describe("stretching a secret", () => {
  it("answers PBKDF2, the second time at once and the same", async () => {
    const salt = Buffer.from("salt");
    const expected = pbkdf2Sync("secret", salt, 4096, 32, "sha256");
    expect(await stretched("secret", salt, 4096)).toEqual(expected);
    let again: Buffer | null = null;
    stretch("secret", salt, 4096, (_error, key) => {
      again = key;
    });
    expect(again).toEqual(expected);
  });

  it("takes no key for another secret, salt or count", async () => {
    const cases = [
      ["a", "bc", 10],
      ["ab", "c", 10],
      ["a", "bd", 10],
      ["b", "bc", 10],
      ["a", "bc", 11],
    ] as const;
    for (let round = 0; round < 2; round++) {
      for (const [secret, salt, iterations] of cases) {
        const expected = pbkdf2Sync(secret, salt, iterations, 32, "sha256");
        expect(await stretched(secret, Buffer.from(salt), iterations)).toEqual(expected);
      }
    }
  });

  it("gives each caller bytes of its own", async () => {
    const salt = Buffer.from("own");
    const first = await stretched("secret", salt, 5);
    first.fill(0);
    expect(await stretched("secret", salt, 5)).toEqual(pbkdf2Sync("secret", salt, 5, 32, "sha256"));
  });
});
