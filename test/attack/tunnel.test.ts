import { execFileSync } from "node:child_process";
import {
  chmodSync,
  chownSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { createOutput } from "../../src/cli/output.js";
import { showStatus } from "../../src/cli/show-status.js";
import { ApiClient } from "../../src/client/api-client.js";
import { writePrivateFile } from "../../src/client/private-file.js";
import { controlPath } from "../../src/client/tunnel/control/messages.js";
import { machineAt } from "../../src/client/tunnel/machine/machine.js";
import { restoreMachine } from "../../src/client/tunnel/recover.js";
import { offer, startEchoGateway } from "../client/echo-gateway.js";
import { fakeRoot, hostsBefore, type StartedTunnel, startTunnel } from "../client/start-tunnel.js";

const isRoot = process.getuid?.() === 0;
const escapes = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f]/;

let machine: ReturnType<typeof fakeRoot>;
let tunnel: StartedTunnel | null;
let gateway: Awaited<ReturnType<typeof startEchoGateway>>;
beforeEach(() => {
  machine = fakeRoot();
  tunnel = null;
});
afterEach(async () => {
  await tunnel?.stop();
  await gateway?.close();
  machine.remove();
});

describe("a gateway that means harm", () => {
  it("puts no line of its own into the hosts file, no order to the terminal, and no listener anywhere but on the tunnel's addresses", async () => {
    gateway = await startEchoGateway();
    const evil = [
      "../../etc/passwd",
      "x/../y",
      "a b",
      "x\n10.0.0.66\tbank.example",
      "x\r\n10.0.0.66 bank.example",
      "UPPER",
      "-a",
      "a-",
      "",
      ".",
      "a.b",
      "x".repeat(64),
      "b\u00fccher",
      "\u001b]0;owned\u0007",
      "x\u0000y",
      "__proto__",
      "# hoop end",
    ].map((name) => offer(name, 15_970));
    const odd = [0, 65_536, 70_000, 4_294_967_295].map((port, i) => offer(`port-${i}`, port));
    const good = {
      ...offer("good", 15_971),
      example: "nc {host}\u001b[2J\u001b]0;owned\u0007\nreboot {port}",
      protocol: "\u001b[31mtcp",
    };
    gateway.offer(...evil, ...odd, good, offer("constructor", 15_972));
    tunnel = startTunnel(gateway.url, machine.root);
    const status = await tunnel.ready;
    expect(status.connections.map(({ name }) => name)).toEqual(["good", "constructor"]);
    for (const { address } of status.connections) expect(address).toMatch(/^127\.78\.\d+\.\d+$/);
    const added = readFileSync(machine.hosts, "utf8").slice(hostsBefore.length).trim().split("\n");
    for (const line of added)
      expect(line).toMatch(/^(# hoop (begin|end) .*|127\.78\.\d+\.\d+\t(good|constructor|canary-[0-9a-f]+)\.hoop)$/);
    const shown = showStatus(status, createOutput({ json: false, color: false, interactive: false }));
    expect(shown.replaceAll("\n", "")).not.toMatch(escapes);
    expect(shown).not.toMatch(/^reboot/m);
    expect(existsSync(join(machine.root, "etc/passwd"))).toBe(false);
  });

  it("cannot move the cursor of whoever it refuses, nor break the message that says so", async () => {
    gateway = await startEchoGateway((pipe) =>
      pipe.abort({ code: "denied", text: "no\u001b[2J\u0000SFATAL\u0000\u009b31m\rhoop: granted" }),
    );
    gateway.offer(offer("pg", 15_973, "postgres"));
    tunnel = startTunnel(gateway.url, machine.root);
    const [pg] = (await tunnel.ready).connections;
    const socket = connect(pg!.port, pg!.address);
    const startup = Buffer.from("\0\0\0\0\0\x03\0\0user\0x\0\0", "latin1");
    startup.writeUInt32BE(startup.length);
    socket.write(startup);
    const chunks: Buffer[] = [];
    for await (const chunk of socket) chunks.push(chunk as Buffer);
    const answer = Buffer.concat(chunks).toString("utf8");
    const fields = answer.slice(5).split("\0");
    expect(fields.filter((field) => field !== "").map((field) => field[0])).toEqual(["S", "V", "C", "M"]);
    for (const field of fields) expect(field).not.toMatch(escapes);
  });
});

describe("another user of this machine", () => {
  it("has no way to the tunnel's socket and its files", async () => {
    gateway = await startEchoGateway();
    tunnel = startTunnel(gateway.url, machine.root);
    gateway.offer(offer("echo", 15_974));
    await tunnel.ready;
    expect(statSync(controlPath(tunnel.stateFolder)).mode & 0o777).toBe(0o600);
    for (const file of ["machine.json", "addresses.json"])
      expect(statSync(join(tunnel.stateFolder, file)).mode & 0o077).toBe(0);
    if (!isRoot) return;
    chmodSync(machine.root, 0o755);
    const script = `const s=require("net").connect(${JSON.stringify(controlPath(tunnel.stateFolder))});s.on("error",e=>{console.log(e.code);process.exit()});s.on("connect",()=>{console.log("in");process.exit()})`;
    expect(
      execFileSync("runuser", ["-u", "nobody", "--", process.execPath, "-e", script], { encoding: "utf8" }).trim(),
    ).toBe("EACCES");
  });

  it.runIf(isRoot)("cannot have root run commands by a journal that they wrote", async () => {
    const folder = mkdtempSync(join(tmpdir(), "hoop-theirs-"));
    const proof = join(folder, "proof");
    try {
      const journal = join(folder, "machine.json");
      writeFileSync(
        journal,
        JSON.stringify({ version: 1, changes: [{ kind: "command", what: "x", undo: ["touch", proof], stays: false }] }),
        { mode: 0o600 },
      );
      chownSync(journal, 65_534, 65_534);
      const root = machineAt(machine.root, process.platform, true);
      expect(() => restoreMachine(folder, root)).toThrow(/another user/);
      expect(existsSync(proof)).toBe(false);
      // The very same file, were it root's own, is followed.
      chownSync(journal, 0, 0);
      await restoreMachine(folder, root);
      expect(existsSync(proof)).toBe(true);
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  });

  it("who put a link where a private file goes does not have its target overwritten", () => {
    const folder = mkdtempSync(join(tmpdir(), "hoop-link-"));
    try {
      const victim = join(folder, "victim");
      writeFileSync(victim, "untouched");
      mkdirSync(join(folder, "state"));
      symlinkSync(victim, join(folder, "state", "logins.json"));
      writePrivateFile(join(folder, "state", "logins.json"), "secret");
      expect(readFileSync(victim, "utf8")).toBe("untouched");
      expect(statSync(join(folder, "state", "logins.json")).mode & 0o777).toBe(0o600);
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  });
});

describe("a login", () => {
  it.each([
    "http://127.evil.example",
    "http://localhost.evil.example",
    "http://127.0.0.1.evil.example",
    "http://10.0.0.1:7480",
    "http://[::2]/",
  ])("is not sent in clear text to %s", async (url) => {
    const asked: string[] = [];
    const tokens = {
      token: async () => {
        asked.push("token");
        return "hoop_at_secret";
      },
      renew: async () => null,
    };
    await expect(new ApiClient({ url, tokens }).get("/me")).rejects.toMatchObject({ code: "denied" });
  });
});
