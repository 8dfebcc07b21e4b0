import { once } from "node:events";
import { cpSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { connect, type Socket } from "node:net";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterEach, describe, expect, it } from "vitest";
import { askTunnel } from "../../src/client/tunnel/control/ask-tunnel.js";
import { machineAt } from "../../src/client/tunnel/machine/machine.js";
import { closeAfterCrash, restoreMachine } from "../../src/client/tunnel/recover.js";
import type { TunnelStatus } from "../../src/client/tunnel/status.js";
import { offer, startEchoGateway } from "./echo-gateway.js";
import { fakeRoot, hostsBefore, type StartedTunnel, startTunnel } from "./start-tunnel.js";

const cleanups: (() => unknown)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

async function setUp(...parameters: Parameters<typeof startEchoGateway>) {
  const gateway = await startEchoGateway(...parameters);
  const machine = fakeRoot();
  cleanups.push(
    () => machine.remove(),
    () => gateway.close(),
  );
  return { gateway, machine };
}

function running(tunnel: StartedTunnel): StartedTunnel {
  cleanups.push(() => tunnel.stop());
  return tunnel;
}

async function statusWhen(stateFolder: string, test: (status: TunnelStatus) => boolean): Promise<TunnelStatus> {
  for (const end = Date.now() + 30_000; Date.now() < end; ) {
    const status = await askTunnel(stateFolder, "status");
    if (test(status)) return status;
    await sleep(25);
  }
  throw new Error("the tunnel never came into that state");
}

async function dial(status: TunnelStatus, name: string): Promise<Socket> {
  const found = status.connections.find((connection) => connection.name === name)!;
  const socket = connect({ host: found.address, port: found.port, allowHalfOpen: true });
  await once(socket, "connect");
  cleanups.push(() => socket.destroy());
  return socket;
}

async function readAll(socket: Socket): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of socket) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
}

describe("a tunnel", () => {
  it("publishes a connection, carries bytes both ways and ends in order", async () => {
    const { gateway, machine } = await setUp();
    gateway.offer(offer("echo", 15987));
    const tunnel = running(startTunnel(gateway.url, machine.root));
    const status = await tunnel.ready;
    expect(status.connections[0]).toMatchObject({
      name: "echo",
      host: "echo.hoop",
      port: 15987,
      via: "own",
      command: "nc echo.hoop 15987",
    });
    expect(readFileSync(machine.hosts, "utf8")).toContain(`${status.connections[0]!.address}\techo.hoop\n`);

    const socket = await dial(status, "echo");
    const sent = Buffer.alloc(3_000_000, "hoop!");
    socket.write(sent);
    socket.end();
    expect((await readAll(socket)).equals(sent)).toBe(true);
  });

  it("answers at the other ports of a connection as well, and tells where", async () => {
    const { gateway, machine } = await setUp();
    gateway.offer({ ...offer("site", 15987), morePorts: [15988], profile: "kubernetes" });
    const tunnel = running(startTunnel(gateway.url, machine.root));
    const [site] = (await tunnel.ready).connections;
    expect(site).toMatchObject({ profile: "kubernetes", more: [{ port: 15988, at: 15988 }] });
    const socket = connect({ host: site!.address, port: 15988 });
    cleanups.push(() => socket.destroy());
    socket.end("over there");
    expect((await readAll(socket)).toString()).toBe("over there");

    // A list with other ports takes its place.
    gateway.offer(offer("site", 15987));
    const after = await statusWhen(tunnel.stateFolder, ({ connections }) => connections[0]?.more.length === 0);
    expect(after.connections[0]).toMatchObject({ address: site!.address, port: 15987, via: "own" });
  });

  it("follows the list while it runs, and keeps addresses over restarts", async () => {
    const { gateway, machine } = await setUp();
    gateway.offer(offer("one", 15987));
    const first = startTunnel(gateway.url, machine.root);
    const before = (await first.ready).connections[0]!.address;
    gateway.offer(offer("one", 15987), offer("two", 15987));
    const both = await statusWhen(
      first.stateFolder,
      (status) => status.connections.every((c) => c.via === "own") && status.connections.length === 2,
    );
    expect(new Set(both.connections.map((c) => c.address)).size).toBe(2);
    gateway.offer(offer("two", 15987));
    await statusWhen(first.stateFolder, (status) => status.connections.length === 1);
    const gone = connect(15987, before);
    const [error] = await once(gone, "error");
    expect(error).toMatchObject({ code: "ECONNREFUSED" });
    await first.stop();

    gateway.offer(offer("one", 15987));
    const again = running(startTunnel(gateway.url, machine.root));
    expect((await again.ready).connections[0]!.address).toBe(before);
  });

  it("leaves the names failing at once when it goes down, and nothing of itself when it is removed", async () => {
    const { gateway, machine } = await setUp();
    gateway.offer(offer("echo", 15987));
    const tunnel = startTunnel(gateway.url, machine.root);
    await tunnel.ready;
    await tunnel.stop();
    expect(readFileSync(machine.hosts, "utf8")).toContain("255.255.255.255\techo.hoop\n");
    expect(await restoreMachine(tunnel.stateFolder, machineAt(machine.root, process.platform, true))).toEqual([]);
    expect(readFileSync(machine.hosts, "utf8")).toBe(hostsBefore);
  });

  it("is closed by the next command when it was killed, and taken over by the next start", async () => {
    const { gateway, machine } = await setUp();
    gateway.offer(offer("echo", 15987));
    const fake = machineAt(machine.root, process.platform, true);
    const tunnel = startTunnel(gateway.url, machine.root);
    await tunnel.ready;
    // What a killed one leaves: its lines, its journal, its socket.
    const left = join(machine.root, "left");
    cpSync(tunnel.stateFolder, left, { recursive: true, filter: (path) => !path.endsWith(".sock") });
    const hostsThen = readFileSync(machine.hosts);
    await tunnel.stop();
    rmSync(tunnel.stateFolder, { recursive: true });
    renameSync(left, tunnel.stateFolder);
    writeFileSync(join(tunnel.stateFolder, "tunnel.sock"), "");
    writeFileSync(machine.hosts, hostsThen);

    expect(await closeAfterCrash(tunnel.stateFolder, fake)).toEqual([]);
    expect(readFileSync(machine.hosts, "utf8")).toContain("255.255.255.255\techo.hoop\n");
    const again = startTunnel(gateway.url, machine.root);
    await again.ready;
    expect(readFileSync(machine.hosts, "utf8")).toMatch(/127\.78\.\d+\.\d+\techo\.hoop\n/);
    await again.stop();
    expect(await restoreMachine(tunnel.stateFolder, fake)).toEqual([]);
    expect(readFileSync(machine.hosts, "utf8")).toBe(hostsBefore);
  });

  it("says no a second time while one runs", async () => {
    const { gateway, machine } = await setUp();
    const tunnel = running(startTunnel(gateway.url, machine.root));
    await tunnel.ready;
    await expect(startTunnel(gateway.url, machine.root).ready).rejects.toMatchObject({ code: "conflict" });
  });
});
