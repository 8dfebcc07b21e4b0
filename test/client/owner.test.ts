import { execFile, execFileSync } from "node:child_process";
import { promisify } from "node:util";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { askTunnel } from "../../src/client/tunnel/control/ask-tunnel.js";
import { offer, startEchoGateway } from "./echo-gateway.js";
import { fakeRoot, type StartedTunnel, startTunnel } from "./start-tunnel.js";

const run = promisify(execFile);
const isRoot = process.getuid?.() === 0;
const nobody = isRoot ? Number(execFileSync("id", ["-u", "nobody"], { encoding: "utf8" })) : -1;

let gateway: Awaited<ReturnType<typeof startEchoGateway>>;
let machine: ReturnType<typeof fakeRoot>;
let tunnel: StartedTunnel;

beforeEach(async () => {
  gateway = await startEchoGateway();
  machine = fakeRoot();
  gateway.offer(offer("echo", 15986), offer("pg", 15985, "postgres"));
});
afterEach(async () => {
  await tunnel.stop();
  await gateway.close();
  machine.remove();
});

/** Connects as another user with bash alone, says a line and reads one. */
async function asNobody(address: string, port: number, script: string): Promise<string> {
  const { stdout } = await run("runuser", [
    "-u",
    "nobody",
    "--",
    "bash",
    "-c",
    `exec 3<>/dev/tcp/${address}/${port}; ${script}`,
  ]).catch((error: { stdout: string }) => error);
  return stdout;
}

// Becoming another user needs root; the check itself does not.
describe.runIf(isRoot)("another user of the same machine", () => {
  it("cannot ride on the lane, however quickly it comes and goes", async () => {
    tunnel = startTunnel(gateway.url, machine.root, { allowedUids: [0] });
    const [echo] = (await tunnel.ready).connections;
    expect(await asNobody(echo!.address, echo!.port, "echo hello >&3; timeout 3 head -n1 <&3")).toBe("");
    // Sent and closed at once: the kernel then shows the socket as root's.
    for (let i = 0; i < 20; i++) await asNobody(echo!.address, echo!.port, "echo hello >&3; exec 3>&-");
    await expect.poll(async () => (await askTunnel(tunnel.stateFolder, "status")).connections[0]!.open).toBe(0);
    expect(gateway.lanes).toHaveLength(0);
    expect(tunnel.log).toContainEqual(
      expect.stringContaining("refused a connection to echo: this tunnel belongs to another user"),
    );
  });

  it("hears why in the protocol's own words", async () => {
    tunnel = startTunnel(gateway.url, machine.root, { allowedUids: [0] });
    const pg = (await tunnel.ready).connections.find((connection) => connection.name === "pg")!;
    const { stderr } = await run("runuser", [
      "-u",
      "nobody",
      "--",
      "psql",
      "-w",
      "-h",
      pg.address,
      "-p",
      String(pg.port),
      "-U",
      "x",
      "-c",
      "select 1",
    ]).catch((error: { stderr: string }) => error);
    expect(stderr).toContain(
      `FATAL:  hoop tunnel: this tunnel belongs to another user of this machine (you are user ${nobody})`,
    );
    expect(gateway.lanes).toHaveLength(0);
  });

  it("may, when it is the tunnel's", async () => {
    tunnel = startTunnel(gateway.url, machine.root, { allowedUids: [nobody] });
    const [echo] = (await tunnel.ready).connections;
    expect(await asNobody(echo!.address, echo!.port, "echo hello >&3; timeout 60 head -n1 <&3")).toBe("hello\n");
  });
});
