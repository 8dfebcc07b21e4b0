import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import ssh2, { type AuthContext } from "ssh2";
import { afterAll, afterEach, beforeAll, expect, test } from "vitest";
import { ssh } from "../../src/protocols/ssh/index.js";
import { ed25519FromSeed } from "../../src/protocols/ssh/login/openssh-key.js";
import { type LaneOptions, type Lanes, startLanes } from "../support/lanes.js";
import { type Sshd, startSshd } from "./sshd.js";

let folder: string;
let sshd: Sshd;
const types = ["ed25519", "ecdsa", "rsa"] as const;
const cleanups: (() => unknown)[] = [];

function keygen(...args: string[]): void {
  const { status, stderr } = spawnSync("ssh-keygen", ["-q", ...args], { cwd: folder, encoding: "utf8" });
  if (status !== 0) throw new Error(`ssh-keygen ${args.join(" ")}: ${stderr}`);
}
const publicKey = (name: string) =>
  readFileSync(join(folder, `${name}.pub`), "utf8")
    .split(" ")
    .slice(0, 2)
    .join(" ");

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "hoop-login-"));
  const { publicKey: own } = ed25519FromSeed(Buffer.alloc(32, 7));
  writeFileSync(join(folder, "known_hosts"), `site.hoop ssh-ed25519 ${own.toString("base64")}\n`);
  for (const name of ["ca", "other-ca"]) keygen("-t", name === "ca" ? "ed25519" : "rsa", "-N", "", "-f", name);
  for (const type of types) {
    keygen("-t", type, "-N", "", "-f", `host-${type}`);
    keygen(
      "-s",
      "ca",
      "-I",
      `host ${type}`,
      "-h",
      "-n",
      "localhost,web-1.example.org",
      "-V",
      "-1h:+1h",
      `host-${type}.pub`,
    );
  }
  sshd = await startSshd(
    types.flatMap((type) => [`HostKey ${folder}/host-${type}`, `HostCertificate ${folder}/host-${type}-cert.pub`]),
  );
});
afterAll(async () => {
  await sshd?.stop();
  rmSync(folder, { recursive: true, force: true });
});
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

async function lanes(options: Partial<LaneOptions> & Pick<LaneOptions, "targetPort">): Promise<Lanes> {
  const lane = await startLanes(ssh, options);
  cleanups.push(() => lane.close());
  return lane;
}

async function run(port: number, command: string): Promise<{ out: string; err: string; code: number | null }> {
  const child = spawn(
    "ssh",
    [
      ...["-F", "none", "-o", `UserKnownHostsFile=${folder}/known_hosts`, "-o", "HostKeyAlias=site.hoop"],
      ...["-o", "BatchMode=yes", "-o", "IdentityFile=none", "-o", "IdentityAgent=none", "-p", String(port)],
      ...["127.0.0.1", command],
    ],
    { timeout: 60_000 },
  );
  let [out, err] = ["", ""];
  child.stdout.on("data", (chunk) => (out += chunk));
  child.stderr.on("data", (chunk) => (err += chunk));
  const [code] = (await once(child, "close")) as [number | null];
  return { out, err, code };
}

const certified = (target: Record<string, unknown>) =>
  lanes({ targetPort: sshd.port, secret: sshd.userKey, target: { user: "root", ...target } });

test("a host certificate of a named authority is enough, and rekeying goes on with it", async () => {
  const lane = await certified({ hostKeys: [`@cert-authority ${publicKey("ca")}`] });
  expect(await run(lane.port, "echo in")).toEqual({ out: "in\n", err: "", code: 0 });
});

test.each(["ed25519", "ecdsa"] as const)("also where the host has a key of type %s alone", async (type) => {
  const only = await startSshd([
    `HostKeyAlgorithms ${type === "ecdsa" ? "ecdsa-sha2-nistp256" : "ssh-ed25519"}-cert-v01@openssh.com`,
    `HostKey ${folder}/host-${type}`,
    `HostCertificate ${folder}/host-${type}-cert.pub`,
    "RekeyLimit 1M",
  ]);
  cleanups.push(() => only.stop());
  const target = { user: "root", hostKeys: [`@cert-authority ${publicKey("ca")}`] };
  const lane = await lanes({ targetPort: only.port, secret: only.userKey, target });
  const { out, code } = await run(lane.port, "head -c 6000000 /dev/zero | tr '\\0' x");
  expect([out.length, code]).toEqual([6_000_000, 0]);
});

test("another authority, another name, a certificate that is over, and a key without one are refused in words", async () => {
  const other = await certified({ hostKeys: [`@cert-authority ${publicKey("other-ca")}`] });
  expect((await run(other.port, "true")).err).toContain("authority that the connection does not name");
  for (const [args, why] of [
    [["-n", "db-1.example.org"], "has a certificate for db-1.example.org"],
    [["-n", "localhost", "-V", "-2h:-1h"], "not good at this time"],
    [[], "for no name"],
  ] as const) {
    rmSync(join(folder, `bad-${why.length}`), { force: true });
    keygen("-t", "ed25519", "-N", "", "-f", `bad-${why.length}`);
    keygen("-s", "ca", "-I", "bad", "-h", ...args, `bad-${why.length}.pub`);
    const bad = await startSshd([
      `HostKey ${folder}/bad-${why.length}`,
      `HostCertificate ${folder}/bad-${why.length}-cert.pub`,
      "HostKeyAlgorithms ssh-ed25519-cert-v01@openssh.com",
    ]);
    cleanups.push(() => bad.stop());
    const target = { user: "root", hostKeys: [`@cert-authority ${publicKey("ca")}`] };
    const lane = await lanes({ targetPort: bad.port, secret: bad.userKey, target });
    expect((await run(lane.port, "true")).err).toContain(why);
  }
  const plain = await startSshd();
  cleanups.push(() => plain.stop());
  const target = { user: "root", hostKeys: [`@cert-authority ${publicKey("ca")}`] };
  const lane = await lanes({ targetPort: plain.port, secret: plain.userKey, target });
  expect((await run(lane.port, "true")).err).toContain("without a certificate");
});

/** A server that asks for a password in its own way. */
async function passwordServer(how: (attempt: AuthContext) => void): Promise<number> {
  const key = ssh2.utils.generateKeyPairSync("ed25519").private;
  const server = new ssh2.Server({ hostKeys: [key] }, (client) => {
    client.on("error", () => {});
    client.on("authentication", how);
    client.on("session", (accept) =>
      accept().on("exec", (taken) => {
        const stream = taken();
        stream.write("in\n");
        stream.exit(0);
        stream.end();
      }),
    );
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  cleanups.push(() => void server.close());
  const address = server.address();
  return typeof address === "object" && address ? address.port : 0;
}

test("targets by password, and by keyboard-interactive, the first key of which is kept", async () => {
  const byPassword = await passwordServer((attempt) =>
    attempt.method === "password" && attempt.username === "deploy" && attempt.password === "s3cret"
      ? attempt.accept()
      : attempt.reject(["password"]),
  );
  const byQuestions = await passwordServer((attempt) => {
    if (attempt.method !== "keyboard-interactive") return attempt.reject(["keyboard-interactive"]);
    attempt.prompt([{ prompt: "Your password: ", echo: false }], "", "", ([answer]) =>
      answer === "s3cret" ? attempt.accept() : attempt.reject(),
    );
  });
  for (const targetPort of [byPassword, byQuestions]) {
    const lane = await lanes({ targetPort, secret: "s3cret", target: { user: "deploy" } });
    expect(await run(lane.port, "x")).toEqual({ out: "in\n", err: "", code: 0 });
    expect(await run(lane.port, "again")).toMatchObject({ code: 0 });
    const wrong = await lanes({ targetPort, secret: "guess", target: { user: "deploy" } });
    const { err, code } = await run(wrong.port, "x");
    expect([code, err.includes("did not accept the stored credential"), err.includes("guess")]).toEqual([
      255,
      true,
      false,
    ]);
  }
});
