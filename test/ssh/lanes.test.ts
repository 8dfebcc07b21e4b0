import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, expect, test } from "vitest";
import { ssh } from "../../src/protocols/ssh/index.js";
import { ed25519FromSeed } from "../../src/protocols/ssh/login/openssh-key.js";
import { type LaneOptions, type Lanes, startLanes } from "../support/lanes.js";
import { type Sshd, startSshd } from "./sshd.js";

let sshd: Sshd;
let folder: string;
const children: ChildProcess[] = [];
const open: Lanes[] = [];
beforeAll(async () => {
  sshd = await startSshd();
  folder = mkdtempSync(join(tmpdir(), "hoop-lanes-"));
  const { publicKey } = ed25519FromSeed(Buffer.alloc(32, 7));
  writeFileSync(join(folder, "known_hosts"), `site.hoop ssh-ed25519 ${publicKey.toString("base64")}\n`);
});
afterEach(() => {
  for (const child of children.splice(0)) child.kill("SIGKILL");
});
afterAll(async () => {
  for (const lane of open) await lane.close();
  await sshd?.stop();
  rmSync(folder, { recursive: true, force: true });
});

async function lanes(options: Partial<LaneOptions> = {}): Promise<Lanes> {
  const target = { user: "root", hostKeys: [sshd.hostKey] };
  const lane = await startLanes(ssh, { targetPort: sshd.port, target, secret: sshd.userKey, ...options });
  open.push(lane);
  return lane;
}

function client(args: readonly string[]): ChildProcess {
  const child = spawn("ssh", args, { stdio: ["pipe", "pipe", "ignore"] });
  children.push(child);
  return child;
}

const options = (lane: Lanes) => [
  ...["-F", "none", "-o", `UserKnownHostsFile=${folder}/known_hosts`, "-o", "HostKeyAlias=site.hoop"],
  ...["-o", "BatchMode=yes", "-o", "IdentityFile=none", "-o", "IdentityAgent=none", "-p", String(lane.port)],
];

/** Types a line into a session and waits for what comes back; no clock decides. */
async function answers(child: ChildProcess, word: string): Promise<void> {
  let seen = "";
  const heard = new Promise<void>((resolve) => {
    child.stdout!.on("data", (chunk) => {
      seen += chunk;
      if (seen.includes(word)) resolve();
    });
  });
  child.stdin!.write(`${word}\n`);
  await heard;
}

const held = (text: string) => text === "sleep 4321";

test("a stalled reader, a flood and a held command leave sessions beside them as they are", async () => {
  const lane = await lanes({ decide: ({ text }) => (held(text) ? new Promise<string>(() => {}) : "allow") });
  client([...options(lane), "-tt", "127.0.0.1", "yes stalled"]).stdout!.pause();
  client([...options(lane), "-tt", "127.0.0.1", "yes"]).stdout!.resume();
  const waiting = client([...options(lane), "127.0.0.1", "sleep 4321"]);
  await expect.poll(() => lane.asks.some(({ text }) => held(text))).toBe(true);
  const others = Array.from({ length: 8 }, () => client([...options(lane), "127.0.0.1", "cat"]));
  for (const round of ["one", "two", "three"])
    await Promise.all(others.map((child, at) => answers(child, `${round}-${at}`)));
  expect([waiting.exitCode, lane.ends]).toEqual([null, []]);
});

test("the same on channels of one connection: a stalled one delays no other", async () => {
  const lane = await lanes({ decide: ({ text }) => (held(text) ? new Promise<string>(() => {}) : "allow") });
  const control = join(folder, "control");
  const master = client([...options(lane), "-M", "-S", control, "-N", "127.0.0.1"]);
  await expect
    .poll(async () => {
      const [code] = (await once(client(["-F", "none", "-S", control, "-O", "check", "x"]), "close")) as [number];
      return code;
    })
    .toBe(0);
  const over = (command: string) => client(["-F", "none", "-S", control, "127.0.0.1", command]);
  over("head -c 100000000 /dev/zero").stdout!.pause();
  over("sleep 4321");
  const others = Array.from({ length: 5 }, () => over("cat"));
  for (const round of ["one", "two"]) await Promise.all(others.map((child, at) => answers(child, `${round}-${at}`)));
  expect(master.exitCode).toBe(null);
});
