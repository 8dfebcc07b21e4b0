import { createPrivateKey, createPublicKey, verify } from "node:crypto";
import { expect, it } from "vitest";
import { createSigningRequest } from "./signing-request.js";

it("is signed by the key that stays", () => {
  const { key, request } = createSigningRequest();
  // SEQUENCE { info, algorithm, BIT STRING }: the lengths of this small request fit one or two bytes.
  const header = request[1] === 0x81 ? 3 : 2;
  const info = request.subarray(
    header,
    header + (request[header + 1] === 0x81 ? 3 + request[header + 2]! : 2 + request[header + 1]!),
  );
  const signature = request.subarray(header + info.length + 12 + 3);
  expect(verify("sha256", info, createPublicKey(createPrivateKey(key)), signature)).toBe(true);
  expect(createSigningRequest().key).not.toBe(key);
});
