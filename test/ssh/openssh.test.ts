import { spawn } from "node:child_process";
import { createHash, randomBytes } from "node:crypto";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { type AddressInfo, connect, createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, expect, test } from "vitest";
import { ssh } from "../../src/protocols/ssh/index.js";
import { ed25519FromSeed } from "../../src/protocols/ssh/login/openssh-key.js";
import { type LaneOptions, type Lanes, startLanes } from "../support/lanes.js";
import { freePort } from "../support/postgres.js";
import { type Sshd, startSshd } from "./sshd.js";

let sshd: Sshd;
let folder: string;
const cleanups: (() => unknown)[] = [];
beforeAll(async () => {
  sshd = await startSshd();
  folder = mkdtempSync(join(tmpdir(), "hoop-ssh-"));
  const { publicKey } = ed25519FromSeed(Buffer.alloc(32, 7));
  writeFileSync(join(folder, "known_hosts"), `site.hoop ssh-ed25519 ${publicKey.toString("base64")}\n`);
});
afterAll(async () => {
  await sshd.stop();
  rmSync(folder, { recursive: true, force: true });
});
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

async function lanes(options: Partial<LaneOptions> = {}): Promise<Lanes> {
  const started = await startLanes(ssh, {
    targetPort: sshd.port,
    target: { user: "root", hostKeys: [sshd.hostKey] },
    secret: sshd.userKey,
    ...options,
  });
  cleanups.push(() => started.close());
  return started;
}

/** What every program of OpenSSH is given: the tunnel's known_hosts, and no key of its own. */
function options(port: number): string[] {
  return [
    ...["-F", "none", "-o", `UserKnownHostsFile=${folder}/known_hosts`, "-o", "StrictHostKeyChecking=yes"],
    ...["-o", "HostKeyAlias=site.hoop", "-o", "BatchMode=yes", "-o", "IdentityFile=none", "-o", "IdentityAgent=none"],
    ...["-o", `Port=${port}`],
  ];
}

interface Ran {
  readonly out: Buffer;
  readonly err: string;
  readonly code: number | null;
}

async function run(program: string, args: readonly string[], input?: Buffer | string): Promise<Ran> {
  const child = spawn(program, args, { timeout: 60_000 });
  const out: Buffer[] = [];
  let err = "";
  child.stdout.on("data", (chunk: Buffer) => out.push(chunk));
  child.stderr.on("data", (chunk: Buffer) => (err += chunk));
  child.stdin.on("error", () => {});
  child.stdin.end(input ?? "");
  const [code] = (await once(child, "close")) as [number | null];
  return { out: Buffer.concat(out), err, code };
}

const sshRun = (port: number, ...args: string[]) => run("ssh", [...options(port), "127.0.0.1", ...args]);

test("a command runs with its output, error output, exit status and input, and asks for nothing", async () => {
  const lane = await lanes();
  expect(await sshRun(lane.port, "echo out; echo err >&2; exit 3")).toEqual({
    out: Buffer.from("out\n"),
    err: "err\n",
    code: 3,
  });
  const data = randomBytes(5 * 1024 * 1024);
  const { out, code } = await run("ssh", [...options(lane.port), "127.0.0.1", "cat"], data);
  expect([code, out.equals(data)]).toEqual([0, true]);
  expect((await sshRun(lane.port, "kill -TERM $$")).code).toBe(255);
  expect(lane.asks.map(({ text }) => text)).toEqual(["echo out; echo err >&2; exit 3", "cat", "kill -TERM $$"]);
  await expect
    .poll(() => lane.notes.flatMap((note) => (note.kind === "finished" ? [note.tag] : [])))
    .toEqual(["exit 3", "exit 0", "signal TERM"]);
});

test("a shell with a terminal: size, environment, resize by the client's request", async () => {
  const lane = await lanes();
  const child = spawn(
    "script",
    ["-qec", `stty rows 33 cols 101; ssh ${options(lane.port).join(" ")} -tt 127.0.0.1`, "/dev/null"],
    {
      env: { ...process.env, TERM: "xterm", LANG: "C.UTF-8", LC_TEST: "passes" },
    },
  );
  let seen = "";
  child.stdout.on("data", (chunk) => (seen += chunk));
  await expect.poll(() => seen).toMatch(/[#$] $/);
  child.stdin.write('stty size; echo "v=$TERM:$LC_TEST"; exit 5\n');
  await once(child, "close");
  expect(seen).toContain("33 101");
  expect(lane.asks[0]?.analysis?.attributes).toMatchObject({ kind: "shell", pty: true });
});

test("scp in both modes, sftp and rsync carry files whole", async () => {
  const lane = await lanes();
  const data = randomBytes(8 * 1024 * 1024);
  const hash = (path: string) => createHash("sha256").update(readFileSync(path)).digest("hex");
  writeFileSync(join(folder, "big"), data);
  const wanted = hash(join(folder, "big"));
  for (const mode of [[], ["-O"]]) {
    const there = join(sshd.folder, `there${mode.length}`);
    const back = join(folder, `back${mode.length}`);
    const up = await run("scp", [...mode, ...options(lane.port), join(folder, "big"), `127.0.0.1:${there}`]);
    expect([up.code, up.err]).toEqual([0, ""]);
    expect(hash(there)).toBe(wanted);
    expect((await run("scp", [...mode, ...options(lane.port), `127.0.0.1:${there}`, back])).code).toBe(0);
    expect(hash(back)).toBe(wanted);
  }
  const batch = `put ${folder}/big ${sshd.folder}/by-sftp\nls ${sshd.folder}\nget ${sshd.folder}/by-sftp ${folder}/got\n`;
  const sftp = await run("sftp", [...options(lane.port), "-b", "-", "127.0.0.1"], batch);
  expect([sftp.code, hash(join(folder, "got"))]).toEqual([0, wanted]);
  const rsync = await run("rsync", [
    "-a",
    "-e",
    `ssh ${options(lane.port).join(" ")}`,
    join(folder, "big"),
    `127.0.0.1:${sshd.folder}/by-rsync`,
  ]);
  expect([rsync.code, statSync(join(sshd.folder, "by-rsync")).size]).toEqual([0, data.length]);
});

test("forwarding both ways and by SOCKS, and many channels on one connection", async () => {
  const lane = await lanes();
  const echo = createServer((socket) => socket.pipe(socket));
  echo.listen(0, "127.0.0.1");
  await once(echo, "listening");
  cleanups.push(() => echo.close());
  const echoPort = (echo.address() as AddressInfo).port;
  const control = join(folder, "control");
  const ports = [await freePort(), await freePort()];
  const master = spawn("ssh", [
    ...options(lane.port),
    "-M",
    "-S",
    control,
    "-N",
    "-L",
    `${ports[0]}:127.0.0.1:${echoPort}`,
    "-R",
    `${ports[1]}:127.0.0.1:${echoPort}`,
    "127.0.0.1",
  ]);
  cleanups.push(() => master.kill());
  for (const port of ports) {
    await expect
      .poll(async () => {
        const socket = connect(port, "127.0.0.1");
        socket.on("error", () => {});
        socket.write("ping");
        const [data] = await Promise.race([once(socket, "data"), once(socket, "close").then(() => [""])]);
        socket.destroy();
        return String(data);
      })
      .toBe("ping");
  }
  const many = await Promise.all(
    Array.from({ length: 20 }, (_, n) => run("ssh", ["-S", control, "-F", "none", "127.0.0.1", `echo ${n}`])),
  );
  expect(many.map(({ out }) => out.toString())).toEqual(Array.from({ length: 20 }, (_, n) => `${n}\n`));
  expect(lane.asks.map(({ analysis }) => analysis?.attributes.kind)).toContain("listen");
  expect(lane.asks.map(({ analysis }) => analysis?.attributes.kind)).toContain("forward-to");
});

test("a denied command, shell, subsystem and forwarding say why, and the connection lives", async () => {
  const lane = await lanes({ decide: (ask) => (ask.text.includes("ok") ? "allow" : "not for you") });
  expect(await sshRun(lane.port, "rm -rf /")).toEqual({
    out: Buffer.from(""),
    err: "hoop: not for you\r\n",
    code: 126,
  });
  expect((await run("sftp", [...options(lane.port), "-b", "-", "127.0.0.1"], "ls\n")).err).toContain(
    "hoop: not for you",
  );
  const control = join(folder, "control2");
  const master = spawn("ssh", [...options(lane.port), "-M", "-S", control, "-N", "127.0.0.1"]);
  cleanups.push(() => master.kill());
  await expect
    .poll(() => run("ssh", ["-S", control, "-F", "none", "-O", "check", "x"]).then(({ code }) => code))
    .toBe(0);
  expect((await run("ssh", ["-S", control, "-F", "none", "127.0.0.1", "no"])).code).toBe(126);
  expect((await run("ssh", ["-S", control, "-F", "none", "127.0.0.1", "echo ok"])).out.toString()).toBe("ok\n");
});

test("a held command waits with what is typed meanwhile, and leaving withdraws it", async () => {
  const withdrawn: number[] = [];
  let release: (word: string) => void = () => {};
  const lane = await lanes({
    decide: () => new Promise<string>((resolve) => (release = resolve)),
    withdrawn: (id) => void withdrawn.push(id),
  });
  const held = run("ssh", [...options(lane.port), "127.0.0.1", "cat"], "typed early\n");
  await expect.poll(() => lane.asks.length).toBe(1);
  lane.order({ kind: "notice", text: "hoop: waiting for dba" });
  await new Promise((resolve) => setTimeout(resolve, 300));
  release("allow");
  expect(await held).toEqual({ out: Buffer.from("typed early\n"), err: "hoop: waiting for dba\r\n", code: 0 });
  const child = spawn("ssh", [...options(lane.port), "127.0.0.1", "cat"]);
  await expect.poll(() => lane.asks.length).toBe(2);
  child.kill("SIGKILL");
  await expect.poll(() => withdrawn).toEqual([1]);
});

test("a target with another key than the pinned or first seen one is refused, in words", async () => {
  const other = await startSshd();
  cleanups.push(() => other.stop());
  const pinned = await lanes({ target: { user: "root", hostKeys: [other.hostKey] } });
  expect((await sshRun(pinned.port, "true")).err).toMatch(/host key SHA256:\S+ is not one of those/);
  const learnt = await lanes({ target: { user: "root" } });
  expect((await sshRun(learnt.port, "echo first")).out.toString()).toBe("first\n");
  expect((await sshRun(learnt.port, "echo again")).out.toString()).toBe("again\n");
});

test("a refusal, a wrong credential and an order to end are said in SSH's own way", async () => {
  const refused = await lanes({ refusal: { text: "you may not use site", code: "denied" } });
  const no = await sshRun(refused.port, "true");
  expect([no.code, no.err.includes("you may not use site")]).toEqual([255, true]);
  const wrong = await lanes({ secret: "not the password" });
  expect((await sshRun(wrong.port, "true")).err).toContain("offers publickey to log in");
  const lane = await lanes();
  const waiting = sshRun(lane.port, "sleep 20");
  await expect.poll(() => lane.asks.length).toBe(1);
  lane.order({ kind: "end", reason: { code: "revoked", text: "your access has ended" } });
  const ended = await waiting;
  expect([ended.code, ended.err.includes("your access has ended")]).toEqual([255, true]);
});

test("what a terminal shows is recorded as asciicast, what is typed without echo is not; without a terminal nothing is", async () => {
  const lane = await lanes();
  await sshRun(lane.port, "echo unseen");
  const child = spawn("script", ["-qec", `ssh ${options(lane.port).join(" ")} -tt 127.0.0.1`, "/dev/null"], {
    env: { ...process.env, TERM: "xterm" },
  });
  let seen = "";
  child.stdout.on("data", (chunk) => (seen += chunk));
  await expect.poll(() => seen).toMatch(/[#$] $/);
  child.stdin.write("read -s -p 'secret? ' x; echo got ${#x}\n");
  await expect.poll(() => seen).toContain("secret? ");
  child.stdin.write("hunter2\n");
  await expect.poll(() => seen).toContain("got 7");
  child.stdin.write("exit\n");
  await once(child, "close");
  const cast = () => lane.notes.flatMap((note) => (note.kind === "screen" ? [note.text] : [])).join("");
  await expect.poll(cast).toContain("got 7");
  expect(JSON.parse(cast().split("\n")[0]!)).toMatchObject({ version: 2, env: { TERM: "xterm" } });
  expect([cast().includes("hunter2"), cast().includes("unseen"), cast().includes('"m","enter"')]).toEqual([
    false,
    false,
    true,
  ]);
});

test("a terminal that prints without end is ended at its bound, which its recording, a note and the person are told", async () => {
  const maxScreen = 256 * 1024;
  const lane = await lanes({ maxScreen });
  const ended = await run("ssh", ["-tt", ...options(lane.port), "127.0.0.1", "yes"]);
  const why = "the recording of this session's terminals is full";
  expect(`${ended.out}${ended.err}`).toContain(`hoop: ${why}`);
  const pieces = () => lane.notes.flatMap((note) => (note.kind === "screen" ? [note.text] : []));
  await expect.poll(() => pieces().join("").trimEnd().split("\n").at(-1)).toContain(`"m","${why}`);
  expect(pieces().join("").length).toBeGreaterThan(maxScreen);
  // No more than the piece that went over it, and what was under way.
  expect(pieces().join("").length).toBeLessThan(maxScreen + 256 * 1024);
  expect(lane.notes.filter((note) => note.kind === "warning")).toHaveLength(1);
});

test("an access that is held waits between login and shell, told in banners", async () => {
  let release: (word: string) => void = () => {};
  const lane = await lanes({
    asksToConnect: true,
    decide: (ask) => (ask.phase === "connect" ? new Promise<string>((resolve) => (release = resolve)) : "allow"),
    waits: { for: "hold", text: "held by rule night", link: "https://hoop/r/7", id: "7" },
  });
  const first = sshRun(lane.port, "echo in");
  await expect.poll(() => lane.asks.length).toBe(1);
  release("allow");
  const { out, err } = await first;
  expect([out.toString(), err]).toEqual(["in\n", expect.stringContaining("held by rule night: https://hoop/r/7")]);
  const second = sshRun(lane.port, "echo in");
  await expect.poll(() => lane.asks.filter(({ phase }) => phase === "connect").length).toBe(2);
  release("the night is quiet");
  expect((await second).err).toContain("the night is quiet");
});
