import { createPublicKey, generateKeyPairSync, sign } from "node:crypto";
import { createLocalJWKSet, jwtVerify } from "jose";
import { expect, it } from "vitest";
import { subjectId } from "../vocabulary/index.js";
import { identityTokens } from "./identity-tokens.js";

it("is a token that a target verifies with the published keys, for its own audience and a short time", async () => {
  const { privateKey, publicKey } = generateKeyPairSync("ed25519");
  const key = {
    publicKey: createPublicKey(publicKey.export({ format: "pem", type: "spki" })).export({
      format: "pem",
      type: "spki",
    }) as string,
    sign: (bytes: Uint8Array) => sign(null, bytes, privateKey),
  };
  const tokens = await identityTokens(key, Date.now);
  const subject = {
    id: subjectId("5f0c2f9e-98a4-4b53-9d5f-0d4d8f3e2b11"),
    kind: "person",
    name: "ada",
    groups: ["engineers"],
    version: 1,
  } as const;
  const token = tokens.sign("grafana", subject, { connection: "grafana" });
  const keys = createLocalJWKSet(tokens.jwks as never);
  const { payload } = await jwtVerify(token, keys, { audience: "grafana", issuer: "hoop" });
  expect(payload).toMatchObject({ sub: "ada", groups: ["engineers"], connection: "grafana" });
  expect(payload.exp! - payload.iat!).toBe(300);
  await expect(jwtVerify(token, keys, { audience: "other" })).rejects.toThrow("aud");
});
