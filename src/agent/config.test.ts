import { describe, expect, it } from "vitest";
import { agentOptions, parseAgentConfig } from "./config.js";

describe("the agent's settings", () => {
  it("come from flags before the environment, with defaults", () => {
    const env = {
      HOOP_AGENT_GATEWAY: "https://env.example:1",
      HOOP_AGENT_ALLOW: "pg.internal:5432  10.0.0.0/8:5432",
      HOOP_AGENT_MAX_LANES: "7",
      PATH: "/bin",
    };
    expect(parseAgentConfig({ gateway: "https://flag.example:2", join: undefined, state: "/s" }, env)).toEqual({
      gateway: "https://flag.example:2",
      allow: ["pg.internal:5432", "10.0.0.0/8:5432"],
      state: "/s",
      maxLanes: 7,
      allowPlaintext: false,
      drainMs: 60_000,
      dialMs: 10_000,
    });
  });

  it("allow nothing by default", () => {
    expect(parseAgentConfig({ gateway: "https://gw:1" }, {}).allow).toEqual([]);
  });

  it("take plaintext on loopback, and elsewhere when it is asked for", () => {
    expect(parseAgentConfig({ gateway: "http://127.0.0.1:1" }, {}).gateway).toBe("http://127.0.0.1:1");
    expect(parseAgentConfig({ gateway: "http://gw:1", allowPlaintext: true }, {}).allowPlaintext).toBe(true);
    expect(parseAgentConfig({ gateway: "http://gw:1" }, { HOOP_AGENT_ALLOW_PLAINTEXT: "yes" }).allowPlaintext).toBe(
      true,
    );
  });

  it.each([
    [{}, {}, /--gateway \(HOOP_AGENT_GATEWAY\)/],
    [{ gateway: "http://gw:1" }, {}, /--gateway.*--allow-plaintext/],
    [{ gateway: "http://10.0.0.1:1" }, { HOOP_AGENT_ALLOW_PLAINTEXT: "no" }, /--gateway.*--allow-plaintext/],
    [{ gateway: "ftp://127.0.0.1:1" }, {}, /https/],
    [{ gateway: "https://gw:1", allow: ["everything"] }, {}, /--allow.*host:ports/],
    [{ gateway: "https://gw:1", maxLanes: "many" }, {}, /--max-lanes/],
    [{ gateway: "https://gw:1" }, { HOOP_AGENT_ALOW: "x:1" }, /HOOP_AGENT_ALOW is not a setting/],
    [{ gateway: "https://gw:1", alow: "x" }, {}, /alow/],
  ])("%j with %j is refused by name", (flags, env, words) => {
    expect(() => parseAgentConfig(flags, env)).toThrow(words);
  });

  it("each have a flag, a variable and a description", () => {
    for (const { flag, env, text } of Object.values(agentOptions)) {
      expect(flag).toMatch(/^--[a-z-]+(?: <|$)/);
      expect(env).toMatch(/^HOOP_AGENT_[A-Z_]+$/);
      expect(text.length).toBeGreaterThan(10);
    }
  });
});
