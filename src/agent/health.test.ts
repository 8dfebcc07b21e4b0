import { expect, it } from "vitest";
import { parseAgentConfig } from "./config.js";
import { serveHealth } from "./health.js";

it("answers three paths, and is ready only while a gateway is connected and it does not drain", async () => {
  let [connected, draining] = [1, false];
  const health = await serveHealth(
    { host: "127.0.0.1", port: 0 },
    { connected: () => connected, lanes: () => 3, draining: () => draining },
    '1.0"\n',
  );
  const get = async (path: string) => {
    const answer = await fetch(`http://127.0.0.1:${health.port}${path}`);
    return [answer.status, await answer.text()] as const;
  };
  expect((await get("/readyz"))[0]).toBe(200);
  connected = 0;
  expect(await get("/readyz")).toEqual([503, "no gateway is connected\n"]);
  expect((await get("/livez"))[0]).toBe(200);
  [connected, draining] = [1, true];
  expect(await get("/readyz")).toEqual([503, "draining\n"]);
  const [, text] = await get("/metrics");
  expect(text).toContain("hoop_agent_lanes 3\n");
  expect(text).toContain('hoop_agent_build_info{version="1.0"} 1\n');
  expect((await get("/x"))[0]).toBe(404);
  health.close();
});

it("listens nowhere unless asked, and on loopback unless told otherwise", () => {
  const config = (metricsListen?: string) =>
    parseAgentConfig({ gateway: "https://gw:1", ...(metricsListen === undefined ? {} : { metricsListen }) }, {})
      .metricsListen;
  expect(config()).toBeUndefined();
  expect(config("9481")).toEqual({ host: "127.0.0.1", port: 9481 });
  expect(config("[::1]:9481")).toEqual({ host: "::1", port: 9481 });
  expect(() => config("nonsense")).toThrow("--metrics-listen");
});
