import { describe, expect, it } from "vitest";
import { webhookKey, webhookSignature } from "./webhook.js";

describe("Standard Webhooks", () => {
  it("signs as the specification's example does", () => {
    const key = webhookKey("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")!;
    expect(webhookSignature(key, "msg_p5jXN8AQM9LWM0D4loKWxJek", 1_614_265_330, '{"test": 2432232314}')).toBe(
      "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
    );
  });

  it("takes keys of 24 to 64 bytes only", () => {
    const of = (bytes: number) => `whsec_${Buffer.alloc(bytes, 1).toString("base64")}`;
    expect(webhookKey(of(23))).toBeNull();
    expect(webhookKey(of(24))?.length).toBe(24);
    expect(webhookKey(of(64))?.length).toBe(64);
    expect(webhookKey(of(65))).toBeNull();
    expect(webhookKey("whsec_not base64!!")).toBeNull();
    expect(webhookKey(Buffer.alloc(32).toString("base64"))).toBeNull();
  });
});
