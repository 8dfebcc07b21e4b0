import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  abortCodeFrom,
  abortFromReset,
  decodeGrpcMessage,
  encodeGrpcMessage,
  resetCodeFrom,
  statusFrom,
} from "./status.js";

describe("grpc-message", () => {
  it("round-trips any text in visible ASCII", () => {
    fc.assert(
      fc.property(fc.string({ unit: "grapheme", maxLength: 200 }), (text) => {
        const encoded = encodeGrpcMessage(text);
        expect(encoded).toMatch(/^[\x20-\x7e]*$/);
        expect(decodeGrpcMessage(encoded)).toBe(Buffer.from(text, "utf8").toString("utf8"));
      }),
    );
  });

  it("keeps a broken escape as it is", () => {
    expect(decodeGrpcMessage("100%")).toBe("100%");
    expect(decodeGrpcMessage("%zz%41")).toBe("%zzA");
  });

  it("cuts what would not fit into a header", () => {
    expect(encodeGrpcMessage("x".repeat(100_000))).toHaveLength(2048);
  });
});

describe("an abort's code", () => {
  const codes = ["cancelled", "denied", "unavailable", "timeout", "limited", "malformed", "internal"] as const;

  it.each(codes)("%s survives as a status", (code) => {
    expect(abortCodeFrom(statusFrom({ code, text: "" }))).toBe(code);
  });

  it.each(codes.filter((code) => code !== "timeout"))("%s survives as a reset", (code) => {
    expect(abortFromReset(resetCodeFrom(code)).code).toBe(code);
  });
});
