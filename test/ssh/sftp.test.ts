import { spawn } from "node:child_process";
import { createHash, randomBytes } from "node:crypto";
import { once } from "node:events";
import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { ssh } from "../../src/protocols/ssh/index.js";
import { ed25519FromSeed } from "../../src/protocols/ssh/login/openssh-key.js";
import { type LaneOptions, type Lanes, startLanes } from "../support/lanes.js";
import { type Sshd, startSshd } from "./sshd.js";

let sshd: Sshd;
let folder: string;
const open: Lanes[] = [];
beforeAll(async () => {
  sshd = await startSshd();
  folder = mkdtempSync(join(tmpdir(), "hoop-sftp-"));
  const { publicKey } = ed25519FromSeed(Buffer.alloc(32, 7));
  writeFileSync(join(folder, "known_hosts"), `site.hoop ssh-ed25519 ${publicKey.toString("base64")}\n`);
});
afterAll(async () => {
  for (const lane of open) await lane.close();
  await sshd?.stop();
  rmSync(folder, { recursive: true, force: true });
});

async function lanes(decide?: LaneOptions["decide"]): Promise<Lanes> {
  const lane = await startLanes(ssh, {
    targetPort: sshd.port,
    target: { user: "root", hostKeys: [sshd.hostKey], home: "/root" },
    secret: sshd.userKey,
    ...(decide ? { decide } : {}),
  });
  open.push(lane);
  return lane;
}

async function sftp(port: number, batch: string): Promise<{ out: string; code: number | null }> {
  const child = spawn(
    "sftp",
    [
      ...["-F", "none", "-o", `UserKnownHostsFile=${folder}/known_hosts`, "-o", "HostKeyAlias=site.hoop"],
      ...["-o", "IdentityFile=none", "-o", "IdentityAgent=none", "-P", String(port), "-b", "-", "127.0.0.1"],
    ],
    { timeout: 60_000 },
  );
  let out = "";
  child.stdout.on("data", (chunk) => (out += chunk));
  child.stderr.on("data", (chunk) => (out += chunk));
  child.stdin.end(batch);
  const [code] = (await once(child, "close")) as [number | null];
  return { out, code };
}

test("each file operation is judged with its paths; a denied one says why, and the next ones go on", async () => {
  const lane = await lanes((ask) => {
    const writes = (ask.analysis?.attributes["writes"] ?? []) as string[];
    return writes.some((path) => path.includes("keep")) ? "keep stays" : "allow";
  });
  writeFileSync(join(sshd.folder, "keep"), "x");
  writeFileSync(join(folder, "small"), "small");
  const { out } = await sftp(
    lane.port,
    [
      `-rm ${sshd.folder}/keep`,
      `-rename ${sshd.folder}/keep ${sshd.folder}/gone`,
      `-rename ${sshd.folder}/authorized_keys ${sshd.folder}/x/../keep`,
      `-put ${folder}/small ${sshd.folder}/keep`,
      `-chmod 777 ${sshd.folder}/keep`,
      `-symlink ${sshd.folder}/a ${sshd.folder}/keep2`,
      `mkdir ${sshd.folder}/new`,
      `put ${folder}/small ${sshd.folder}/new/small`,
      `rename ${sshd.folder}/new/small ${sshd.folder}/new/renamed`,
      `rm ${sshd.folder}/new/renamed`,
      `rmdir ${sshd.folder}/new`,
    ].join("\n"),
  );
  expect(out.match(/keep stays/g)?.length ?? 0, out).toBe(6);
  expect([existsSync(join(sshd.folder, "keep")), existsSync(join(sshd.folder, "new"))]).toEqual([true, false]);
  const operations = lane.asks.map(({ analysis }) => analysis?.attributes["operation"]).filter(Boolean);
  for (const name of ["remove", "rename", "write", "setstat", "symlink", "mkdir", "rmdir"])
    expect(operations).toContain(name);
});

test("what passed through a file is noted with its digest, both ways", async () => {
  const lane = await lanes();
  const data = randomBytes(3 * 1024 * 1024 + 17);
  const digest = createHash("sha256").update(data).digest("hex");
  writeFileSync(join(folder, "data"), data);
  const batch = `put ${folder}/data ${sshd.folder}/data\nget ${sshd.folder}/data ${folder}/back\n`;
  expect((await sftp(lane.port, batch)).code).toBe(0);
  const tags = lane.notes.flatMap((note) => (note.kind === "finished" && note.tag ? [note.tag] : []));
  expect(tags).toContain(`written ${data.length} bytes, sha256 ${digest}`);
  expect(tags).toContain(`read ${data.length} bytes, sha256 ${digest}`);
});

test("an operation that is held waits, and what it waited for is done when it is allowed", async () => {
  let release: (word: string) => void = () => {};
  const lane = await lanes((ask) =>
    ask.analysis?.attributes["operation"] === "mkdir" ? new Promise<string>((resolve) => (release = resolve)) : "allow",
  );
  rmSync(join(sshd.folder, "held"), { recursive: true, force: true });
  const done = sftp(lane.port, `mkdir ${sshd.folder}/held\nls ${sshd.folder}/held\n`);
  await expect.poll(() => lane.asks.some(({ text }) => text.includes("mkdir"))).toBe(true);
  expect(existsSync(join(sshd.folder, "held"))).toBe(false);
  release("allow");
  expect((await done).code).toBe(0);
  expect(existsSync(join(sshd.folder, "held"))).toBe(true);
});
