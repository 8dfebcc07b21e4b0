import { execFile } from "node:child_process";
import { once } from "node:events";
import { connect } from "node:net";
import { promisify } from "node:util";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { askTunnel } from "../../src/client/tunnel/control/ask-tunnel.js";
import type { Pipe } from "../../src/transport/index.js";
import { freePort } from "../support/free-port.js";
import { echo, offer, startEchoGateway } from "./echo-gateway.js";
import { fakeRoot, type StartedTunnel, startTunnel } from "./start-tunnel.js";

const run = promisify(execFile);
let gateway: Awaited<ReturnType<typeof startEchoGateway>>;
let machine: ReturnType<typeof fakeRoot>;
let tunnel: StartedTunnel | null = null;

beforeEach(() => {
  machine = fakeRoot();
});
afterEach(async () => {
  await tunnel?.stop();
  tunnel = null;
  await gateway.close();
  machine.remove();
});

async function psql(address: string, port: number, ...options: string[]): Promise<string> {
  const failed = await run(
    "psql",
    ["-w", "-h", address, "-p", String(port), "-U", "ada", ...options, "-c", "select 1"],
    { timeout: 60_000 },
  ).catch((error: { stderr: string }) => error);
  return failed.stderr;
}

describe("a client of the tunnel", () => {
  it("is told at once when the gateway is away, and is served again when it is back", async () => {
    // Of its own, so that it is still there when the gateway comes back.
    gateway = await startEchoGateway(echo, await freePort());
    gateway.offer(offer("pg", 15984, "postgres"), offer("echo", 15983));
    tunnel = startTunnel(gateway.url, machine.root);
    const { connections } = await tunnel.ready;
    const { address } = connections[0]!;
    const { port } = gateway;
    const open = connect(15983, connections[1]!.address);
    await once(open, "connect");
    open.write("x");
    await once(open, "data");
    open.on("error", () => {});
    const ended = new Promise((resolve) => open.once("close", resolve));
    await gateway.close();
    // Nobody hangs: what was open ends, what comes is told.
    await ended;
    const said = await psql(address, 15984);
    expect(said).toContain("FATAL:  hoop tunnel: the gateway");
    expect(said).toContain("cannot be reached");
    expect(await psql(address, 15984, "-d", "sslmode=require")).not.toBe("");
    gateway = await startEchoGateway(echo, port);
    gateway.offer(offer("echo", 15983));
    await expect
      .poll(async () => (await askTunnel(tunnel!.stateFolder, "status")).gateway.state, { timeout: 40_000 })
      .toBe("connected");
    const again = connect(15983, connections[1]!.address);
    await once(again, "connect");
    again.write("y");
    expect(String((await once(again, "data"))[0])).toBe("y");
    again.destroy();
  });

  it("hears the gateway's refusal in the protocol's words, and the gateway's own words when it has any", async () => {
    const refuse = (pipe: Pipe) => pipe.abort({ code: "denied", text: "no rule lets you use pg" });
    gateway = await startEchoGateway(refuse);
    gateway.offer(offer("pg", 15984, "postgres"));
    tunnel = startTunnel(gateway.url, machine.root);
    const [pg] = (await tunnel.ready).connections;
    expect(await psql(pg!.address, pg!.port)).toContain("FATAL:  hoop: no rule lets you use pg");
  });

  it("stays connected through a renewed token, and is told when there is none to be had", async () => {
    gateway = await startEchoGateway();
    gateway.offer(offer("pg", 15984, "postgres"));
    let token = "good";
    let next: string | null = "better";
    tunnel = startTunnel(
      gateway.url,
      machine.root,
      {},
      {
        tokens: {
          token: async () => token,
          renew: async () => {
            if (next !== null) token = next;
            return next;
          },
        },
      },
    );
    const status = await tunnel.ready;
    gateway.expect("better");
    gateway.offer(offer("pg", 15984, "postgres"), offer("new", 15983));
    await expect.poll(async () => (await askTunnel(tunnel!.stateFolder, "status")).connections.length).toBe(2);
    next = null;
    gateway.expect("another");
    await expect
      .poll(async () => (await askTunnel(tunnel!.stateFolder, "status")).gateway)
      .toMatchObject({ state: "refused", hint: "hoop login" });
    expect(await psql(status.connections[0]!.address, 15984)).toContain("(hoop login)");
  });
});
