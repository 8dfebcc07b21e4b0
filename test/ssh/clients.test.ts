import { spawn } from "node:child_process";
import { createPublicKey, generateKeyPairSync, sign } from "node:crypto";
import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { issueSshCertificate } from "../../src/pki/index.js";
import { ssh } from "../../src/protocols/ssh/index.js";
import { ed25519FromSeed } from "../../src/protocols/ssh/login/openssh-key.js";
import { SshWriter } from "../../src/protocols/ssh/wire.js";
import { type LaneOptions, type Lanes, startLanes } from "../support/lanes.js";
import { freePort } from "../support/postgres.js";
import { type Sshd, startSshd } from "./sshd.js";

let folder: string;
let sshd: Sshd;
const authority = generateKeyPairSync("ed25519");
const stops: (() => Promise<unknown>)[] = [];
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "hoop-clients-"));
  const { publicKey } = ed25519FromSeed(Buffer.alloc(32, 7));
  writeFileSync(join(folder, "known_hosts"), `site.hoop ssh-ed25519 ${publicKey.toString("base64")}\n`);
  const raw = createPublicKey(authority.privateKey).export({ format: "der", type: "spki" }).subarray(-32);
  const line = new SshWriter().string("ssh-ed25519").string(raw).end().toString("base64");
  writeFileSync(join(folder, "ca.pub"), `ssh-ed25519 ${line}\n`);
  sshd = await startSshd([`TrustedUserCAKeys ${folder}/ca.pub`]);
});
afterAll(async () => {
  for (const stop of stops) await stop();
  await sshd?.stop();
  rmSync(folder, { recursive: true, force: true });
});

async function lanes(options: Partial<LaneOptions> = {}): Promise<Lanes> {
  const target = { user: "root", hostKeys: [sshd.hostKey] };
  const lane = await startLanes(ssh, { targetPort: sshd.port, target, secret: sshd.userKey, ...options });
  stops.push(() => lane.close());
  return lane;
}

async function run(program: string, args: readonly string[], env: Record<string, string> = {}, input = "") {
  const child = spawn(program, args, { timeout: 60_000, env: { ...process.env, ...env } });
  let [out, err] = ["", ""];
  child.stdout.on("data", (chunk) => (out += chunk));
  child.stderr.on("data", (chunk) => (err += chunk));
  child.stdin.on("error", () => {});
  child.stdin.end(input);
  const [code] = (await once(child, "close")) as [number | null];
  return { out, err, code };
}

const options = (port: number) => [
  ...["-F", "none", "-o", `UserKnownHostsFile=${folder}/known_hosts`, "-o", "HostKeyAlias=site.hoop"],
  ...["-o", "BatchMode=yes", "-o", "IdentityFile=none", "-o", "IdentityAgent=none", "-p", String(port)],
];

test("a certificate of minutes logs in at a target that trusts the authority", async () => {
  const lane = await lanes({
    target: { user: "root", hostKeys: [sshd.hostKey], auth: "certificate" },
    secret: null,
    userCertificate: (principal) =>
      issueSshCertificate(
        {
          publicKey: authority.publicKey.export({ format: "pem", type: "spki" }).toString(),
          sign: (data) => sign(null, data, authority.privateKey),
        },
        { keyId: "hoop ada", principal, now: Date.now(), lifeMs: 60_000 },
      ),
  });
  expect(await run("ssh", [...options(lane.port), "127.0.0.1", "echo in"])).toEqual({ out: "in\n", err: "", code: 0 });
});

test("paramiko: a command, and files", async () => {
  const lane = await lanes();
  const script = `
import paramiko
t = paramiko.Transport(("127.0.0.1", ${lane.port}))
t.start_client(timeout=50)
t.auth_none("ada")
c = t.open_session(); c.exec_command("echo from; exit 4")
print(c.makefile().read().decode().strip(), c.recv_exit_status())
s = paramiko.SFTPClient.from_transport(t)
with s.open("${sshd.folder}/paramiko", "w") as f: f.write("x" * 100000)
print(s.stat("${sshd.folder}/paramiko").st_size, len(s.open("${sshd.folder}/paramiko").read()))
t.close()`;
  const { out, err } = await run("/usr/bin/python3", ["-c", script]);
  expect([out, err]).toEqual(["from 4\n100000 100000\n", ""]);
});

test("git clones and pushes, and is judged with its repository", async () => {
  const lane = await lanes();
  const env = { GIT_SSH_COMMAND: `ssh ${options(lane.port).join(" ")}`, HOME: folder, GIT_CONFIG_NOSYSTEM: "1" };
  const git = (...args: string[]) =>
    run("git", ["-c", "user.name=a", "-c", "user.email=a@b", "-c", "safe.directory=*", ...args], env);
  for (const made of [join(sshd.folder, "repo.git"), join(folder, "clone")])
    rmSync(made, { recursive: true, force: true });
  await git("init", "-q", "--bare", join(sshd.folder, "repo.git"));
  const cloned = await git("clone", "-q", `ssh://127.0.0.1:${lane.port}${sshd.folder}/repo.git`, join(folder, "clone"));
  expect(cloned.code, cloned.err).toBe(0);
  await git("-C", join(folder, "clone"), "commit", "-q", "--allow-empty", "-m", "first");
  const pushed = await git("-C", join(folder, "clone"), "push", "-q", "origin", "HEAD:main");
  expect(pushed.code, pushed.err).toBe(0);
  expect(lane.asks.map(({ analysis }) => [analysis?.effects, analysis?.attributes["paths"]])).toEqual([
    [["read"], [`${sshd.folder}/repo.git`]],
    [["write"], [`${sshd.folder}/repo.git`]],
  ]);
});

test("a client that rekeys every megabyte and asks whether we live, and VS Code's pattern", async () => {
  const lane = await lanes();
  const rekeys = ["-o", "RekeyLimit=1M", "-o", "ServerAliveInterval=1"];
  const { out, code } = await run("ssh", [
    ...options(lane.port),
    ...rekeys,
    "127.0.0.1",
    "head -c 8000000 /dev/zero; sleep 2",
  ]);
  expect([out.length, code]).toEqual([8_000_000, 0]);
  const socks = String(await freePort());
  const code2 = await run(
    "ssh",
    [...options(lane.port), "-T", "-D", socks, "127.0.0.1", "bash"],
    {},
    "echo 'ready: x'\nexit\n",
  );
  expect([code2.out, code2.code]).toEqual(["ready: x\n", 0]);
});

test("plink runs a command", async () => {
  const lane = await lanes();
  const { publicKey } = ed25519FromSeed(Buffer.alloc(32, 7));
  const { createHash } = await import("node:crypto");
  const fingerprint = createHash("sha256").update(publicKey).digest("base64").replace(/=+$/, "");
  const args = [
    "-batch",
    "-ssh",
    "-hostkey",
    `SHA256:${fingerprint}`,
    "-P",
    String(lane.port),
    "-l",
    "ada",
    "127.0.0.1",
    "echo plink",
  ];
  const { out, code } = await run("plink", args, { HOME: folder });
  expect([out, code]).toEqual(["plink\n", 0]);
});
