import { exportJWK, generateKeyPair, SignJWT } from "jose";
import { beforeAll, describe, expect, it } from "vitest";
import type { BoundedFetch } from "../../providers/bounded-fetch.js";
import { createIssuerKeys } from "./issuer-keys.js";
import { verifyWorkload } from "./verify.js";

const issuer = "https://issuer.example.com";
const minute = 60_000;
type Pair = Awaited<ReturnType<typeof generateKeyPair>>;

describe("an issuer's keys", () => {
  let [first, second]: Pair[] = [];
  beforeAll(async () => {
    [first, second] = [await generateKeyPair("ES256"), await generateKeyPair("ES256")];
  });

  async function setting() {
    const clock = { now: 0 };
    const state = { asked: 0, away: false, keys: [{ kid: "a", pair: first! }] };
    const fetch: BoundedFetch = async (url) => {
      if (state.away) return new Response("", { status: 503 });
      if (url.endsWith("openid-configuration")) return Response.json({ issuer, jwks_uri: `${issuer}/keys` });
      state.asked += 1;
      const keys = await Promise.all(
        state.keys.map(async ({ kid, pair }) => ({ ...(await exportJWK(pair.publicKey)), kid })),
      );
      // What an issuer must never publish does no harm.
      return Response.json({ keys: [...keys, { kty: "oct", kid: "a", k: "c2VjcmV0" }] });
    };
    const keys = createIssuerKeys({ fetch, now: () => clock.now });
    const works = async (kid: string, pair: Pair) => {
      const token = await new SignJWT({})
        .setProtectedHeader({ alg: "ES256", kid })
        .setIssuer(issuer)
        .setAudience("hoop")
        .setSubject("s")
        .setIssuedAt()
        .setExpirationTime("5m")
        .sign(pair.privateKey);
      return verifyWorkload(token, { issuer, audiences: ["hoop"], keys, now: new Date() }).then(
        () => true,
        () => false,
      );
    };
    return { clock, state, works };
  }

  it("are asked for once while they are fresh, also by many at a time", async () => {
    const { state, works } = await setting();
    expect(await Promise.all(Array.from({ length: 8 }, () => works("a", first!)))).toEqual(Array(8).fill(true));
    expect(state.asked).toBe(1);
  });

  it("that are new are found after a rotation, and those that are gone count no more", async () => {
    const { clock, state, works } = await setting();
    expect(await works("a", first!)).toBe(true);
    state.keys = [{ kid: "b", pair: second! }];
    // Within the cool-down nobody makes Hoop ask again.
    expect([await works("b", second!), state.asked]).toEqual([false, 1]);
    clock.now += 31_000;
    expect([await works("b", second!), await works("a", first!)]).toEqual([true, false]);
  });

  it("count through an outage, and not for ever", async () => {
    const { clock, state, works } = await setting();
    expect(await works("a", first!)).toBe(true);
    state.away = true;
    for (clock.now = 20 * minute; clock.now < 6 * 60 * minute; clock.now += 60 * minute)
      expect(await works("a", first!)).toBe(true);
    clock.now = 6 * 60 * minute + minute;
    expect(await works("a", first!)).toBe(false);
    state.away = false;
    clock.now += minute;
    expect(await works("a", first!)).toBe(true);
  });

  it("of one issuer sign for no other key of the same id", async () => {
    const { works } = await setting();
    expect(await works("a", second!)).toBe(false);
  });
});
