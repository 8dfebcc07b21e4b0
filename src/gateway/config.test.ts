import { describe, expect, it } from "vitest";
import { HoopError } from "../vocabulary/index.js";
import { gatewayConfig } from "./config.js";
import { settingsReference } from "./settings-reference.js";

function refusal(env: Record<string, string>): string {
  try {
    gatewayConfig(env, "/state");
  } catch (error) {
    expect(error).toBeInstanceOf(HoopError);
    return (error as HoopError).message;
  }
  throw new Error("these settings were accepted");
}

describe("the gateway's settings", () => {
  it("needs none", () => {
    const config = gatewayConfig({}, "/state");
    expect(config.HOOP_STATE_DIR).toBe("/state");
    expect(config.HOOP_GRPC_LISTEN).toEqual({ host: "127.0.0.1", port: 7443 });
    expect(config.HOOP_TLS).toBe("on");
  });

  it("reads addresses of both families, lists and switches", () => {
    const config = gatewayConfig(
      {
        HOOP_GRPC_LISTEN: "[::]:9000",
        HOOP_TLS_NAMES: "a.example, b.example",
        HOOP_ALLOW_PLAINTEXT: "yes",
        HOOP_DRAIN_MS: "5",
      },
      "/state",
    );
    expect(config.HOOP_GRPC_LISTEN).toEqual({ host: "::", port: 9000 });
    expect(config.HOOP_TLS_NAMES).toEqual(["a.example", "b.example"]);
    expect(config.HOOP_ALLOW_PLAINTEXT).toBe(true);
    expect(config.HOOP_DRAIN_MS).toBe(5);
  });

  it("takes an empty variable for an unset one", () => {
    expect(gatewayConfig({ HOOP_HTTP_LISTEN: "", DATABASE_URL: "" }, "/state").DATABASE_URL).toBeUndefined();
  });

  it("names every setting that is wrong, at once", () => {
    const message = refusal({ HOOP_GRPC_LISTEN: "nowhere", HOOP_MAX_SESSIONS: "-1" });
    expect(message).toContain("HOOP_GRPC_LISTEN");
    expect(message).toContain("HOOP_MAX_SESSIONS");
  });

  it("refuses a misspelt setting, but leaves those of other programs alone", () => {
    expect(refusal({ HOOP_GRPC_LISTN: "127.0.0.1:1" })).toContain("HOOP_GRPC_LISTN");
    expect(
      gatewayConfig({ HOOP_AGENT_STATE: "/x", HOOP_TUNNEL_RANGE: "y", PATH: "/bin" }, "/state").HOOP_STATE_DIR,
    ).toBe("/state");
  });

  it("never shows what a setting with a secret was set to", () => {
    expect(refusal({ HOOP_MASTER_KEY: "s3cret", HOOP_DRAIN_MS: "soon" })).not.toContain("s3cret");
  });

  it("is documented", async () => {
    await expect(settingsReference()).toMatchFileSnapshot("../../docs/settings.md");
  });
});
