import { spawn } from "node:child_process";
import { createHash, randomBytes } from "node:crypto";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { type AddressInfo, connect, createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, expect, test } from "vitest";
import { refusals } from "../../src/client/tunnel/refusal/index.js";
import { refuse } from "../../src/client/tunnel/refuse.js";
import { ssh } from "../../src/protocols/ssh/index.js";
import { ed25519FromSeed } from "../../src/protocols/ssh/login/openssh-key.js";
import { tcpPipe } from "../../src/transport/tcp/index.js";
import { type LaneOptions, type Lanes, startLanes } from "../support/lanes.js";
import { freePort } from "../support/postgres.js";
import { type Sshd, startSshd } from "./sshd.js";

let sshd: Sshd;
let folder: string;
const cleanups: (() => unknown)[] = [];
beforeAll(async () => {
  sshd = await startSshd();
  folder = mkdtempSync(join(tmpdir(), "hoop-ways-"));
  const { publicKey } = ed25519FromSeed(Buffer.alloc(32, 7));
  writeFileSync(join(folder, "known_hosts"), `site.hoop ssh-ed25519 ${publicKey.toString("base64")}\n`);
});
afterAll(async () => {
  await sshd?.stop();
  rmSync(folder, { recursive: true, force: true });
});
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

async function lanes(options: Partial<LaneOptions> = {}): Promise<Lanes> {
  const target = { user: "root", hostKeys: [sshd.hostKey] };
  const lane = await startLanes(ssh, { targetPort: sshd.port, target, secret: sshd.userKey, ...options });
  cleanups.push(() => lane.close());
  return lane;
}

const options = (port: number) => [
  ...["-F", "none", "-o", `UserKnownHostsFile=${folder}/known_hosts`, "-o", "HostKeyAlias=site.hoop"],
  ...["-o", "BatchMode=yes", "-o", "IdentityFile=none", "-o", "IdentityAgent=none", "-o", `Port=${port}`],
];

async function run(program: string, args: readonly string[], input = "") {
  const child = spawn(program, args, { timeout: 60_000 });
  let [out, err] = ["", ""];
  child.stdout.on("data", (chunk) => (out += chunk));
  child.stderr.on("data", (chunk) => (err += chunk));
  child.stdin.on("error", () => {});
  child.stdin.end(input);
  const [code] = (await once(child, "close")) as [number | null];
  return { out, err, code };
}

test("a jump over Hoop to another machine: the hop is judged, what is inside is its own", async () => {
  const lane = await lanes();
  const key = join(folder, "key");
  writeFileSync(key, sshd.userKey, { mode: 0o600 });
  const args = [
    ...["-F", "none", "-o", "StrictHostKeyChecking=no", "-o", "UserKnownHostsFile=/dev/null", "-o", "LogLevel=ERROR"],
    ...[
      "-i",
      key,
      "-p",
      String(sshd.port),
      "-o",
      `ProxyCommand=ssh ${options(lane.port).join(" ")} -W %h:%p 127.0.0.1`,
    ],
  ];
  expect(await run("ssh", [...args, "root@127.0.0.1", "echo behind"])).toEqual({ out: "behind\n", err: "", code: 0 });
  expect(lane.asks.map(({ text }) => text)).toEqual([`forward-to 127.0.0.1:${sshd.port}`]);
  const denied = await lanes({ decide: () => "no further" });
  const no = [...args];
  no[no.length - 1] = `ProxyCommand=ssh ${options(denied.port).join(" ")} -W %h:%p 127.0.0.1`;
  expect((await run("ssh", [...no, "root@127.0.0.1", "true"])).err).toContain("no further");
});

test("SOCKS: each address is judged by itself", async () => {
  const echo = createServer((socket) => socket.pipe(socket));
  echo.listen(0, "127.0.0.1");
  await once(echo, "listening");
  cleanups.push(() => echo.close());
  const { port } = echo.address() as AddressInfo;
  const lane = await lanes({ decide: ({ text }) => (text.endsWith(":9") ? "not there" : "allow") });
  const socks = await freePort();
  const client = spawn("ssh", [...options(lane.port), "-N", "-D", String(socks), "127.0.0.1"]);
  cleanups.push(() => client.kill());
  /** SOCKS5 by hand: the reply's second byte, and the echo of what was sent. */
  const through = async (to: number): Promise<string | null> => {
    const socket = connect(socks, "127.0.0.1");
    socket.on("error", () => {});
    cleanups.push(() => socket.destroy());
    const data: Buffer[] = [];
    socket.on("data", (chunk) => data.push(chunk));
    const all = () => Buffer.concat(data);
    socket.write(Buffer.from([5, 1, 0, 5, 1, 0, 1, 127, 0, 0, 1, to >> 8, to & 255]));
    const closed = new Promise<void>((resolve) => socket.once("close", () => resolve()));
    await Promise.race([closed, expect.poll(() => all().length).toBeGreaterThanOrEqual(12)]).catch(() => {});
    if (all()[3] !== 0 || all().length < 12) return null;
    socket.write("ping");
    await expect.poll(() => all().subarray(12).toString()).toBe("ping");
    return "ping";
  };
  await expect.poll(() => through(port)).toBe("ping");
  expect(await through(9)).toBe(null);
  expect(lane.asks.map(({ text }) => text)).toEqual(
    expect.arrayContaining([`forward-to 127.0.0.1:${port}`, "forward-to 127.0.0.1:9"]),
  );
});

test("sftp goes on with a transfer that was cut, both ways, and says that it was no whole one", async () => {
  const lane = await lanes();
  const data = randomBytes(2 * 1024 * 1024);
  const digest = (path: string) => createHash("sha256").update(readFileSync(path)).digest("hex");
  const [here, there, back] = [join(folder, "here"), join(sshd.folder, "there"), join(folder, "back")];
  writeFileSync(here, data);
  writeFileSync(there, data.subarray(0, 700_000));
  const sftp = (batch: string) => run("sftp", [...options(lane.port), "-b", "-", "127.0.0.1"], batch);
  expect((await sftp(`reput ${here} ${there}\n`)).code).toBe(0);
  expect(digest(there)).toBe(digest(here));
  writeFileSync(back, data);
  truncateSync(back, 900_000);
  expect((await sftp(`reget ${there} ${back}\n`)).code).toBe(0);
  expect(digest(back)).toBe(digest(here));
  const tags = lane.notes.flatMap((note) => (note.kind === "finished" && note.tag ? [note.tag] : []));
  expect(tags.filter((tag) => tag.includes("not sequential")).length).toBeGreaterThanOrEqual(2);
});

test("two logins at once, each with its own session, and `ssh -N` that stays quiet", async () => {
  const lane = await lanes();
  const quiet = spawn("ssh", [...options(lane.port), "-N", "-o", "ServerAliveInterval=1", "127.0.0.1"]);
  cleanups.push(() => quiet.kill());
  const both = await Promise.all(
    [1, 2].map((n) => run("ssh", [...options(lane.port), "127.0.0.1", `sleep 2; echo ${n}`])),
  );
  expect(both.map(({ out }) => out)).toEqual(["1\n", "2\n"]);
  await expect.poll(() => lane.ends.length).toBe(2);
  expect(quiet.exitCode).toBe(null);
});

test("where the tunnel has nobody to ask, ssh is told why in words", async () => {
  const server = createServer({ allowHalfOpen: true }, (socket) => {
    const pipe = tcpPipe(socket, "client");
    pipe.start(
      refuse(
        pipe,
        { code: "unavailable", text: "hoop tunnel: the gateway cannot be reached" },
        refusals.ssh,
        [],
        () => {},
      ),
    );
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  cleanups.push(() => server.close());
  const { err, code } = await run("ssh", [...options((server.address() as AddressInfo).port), "127.0.0.1", "true"]);
  expect([code, err.includes("hoop tunnel: the gateway cannot be reached")], err).toEqual([255, true]);
});
