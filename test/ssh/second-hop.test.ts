import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, expect, test } from "vitest";
import { ssh } from "../../src/protocols/ssh/index.js";
import { ed25519FromSeed } from "../../src/protocols/ssh/login/openssh-key.js";
import { type LaneOptions, type Lanes, startLanes } from "../support/lanes.js";
import { type Sshd, startSshd } from "./sshd.js";

let sshd: Sshd;
let folder: string;
const cleanups: (() => unknown)[] = [];
beforeAll(async () => {
  sshd = await startSshd(["X11UseLocalhost yes", "XAuthLocation /usr/bin/xauth"]);
  folder = mkdtempSync(join(tmpdir(), "hoop-hop-"));
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
  ...["-o", "BatchMode=yes", "-o", "IdentityFile=none", "-p", String(port)],
];

async function run(program: string, args: readonly string[], env: Record<string, string> = {}, cwd = folder) {
  const child = spawn(program, args, { timeout: 150_000, cwd, env: { ...process.env, ...env } });
  let [out, err] = ["", ""];
  child.stdout.on("data", (chunk) => (out += chunk));
  child.stderr.on("data", (chunk) => (err += chunk));
  child.stdin.end();
  const [code] = (await once(child, "close")) as [number | null];
  return { out, err, code };
}

/** An agent that holds the key of the machine behind the target. */
function startAgent(): string {
  const socket = join(folder, `agent-${cleanups.length}`);
  const { stdout } = spawnSync("ssh-agent", ["-a", socket], { encoding: "utf8" });
  const pid = Number(/SSH_AGENT_PID=(\d+)/.exec(stdout)?.[1]);
  cleanups.push(() => process.kill(pid));
  writeFileSync(join(folder, "hop-key"), sshd.userKey, { mode: 0o600 });
  const added = spawnSync("ssh-add", ["-q", join(folder, "hop-key")], {
    env: { ...process.env, SSH_AUTH_SOCK: socket },
  });
  if (added.status !== 0) throw new Error(`ssh-add: ${added.stderr}`);
  return socket;
}

test("an agent is forwarded over two hops, and used twice; where it is denied, nobody can ask it", async () => {
  const SSH_AUTH_SOCK = startAgent();
  const onward = `ssh -o BatchMode=yes -o StrictHostKeyChecking=no -o UserKnownHostsFile=/dev/null -o LogLevel=ERROR -p ${sshd.port} -A root@127.0.0.1`;
  const lane = await lanes();
  const ran = await run(
    "ssh",
    [
      ...options(lane.port),
      "-A",
      "127.0.0.1",
      `${onward} "ssh-add -l; ${onward.replaceAll('"', "")} echo third"; ssh-add -l`,
    ],
    { SSH_AUTH_SOCK },
  );
  expect([ran.out.match(/ED25519/g)?.length, ran.out.includes("third")], ran.err).toEqual([2, true]);
  expect(lane.asks.map(({ analysis }) => analysis?.attributes.kind)).toContain("agent-forwarding");
  const denied = await lanes({ decide: ({ text }) => (text === "agent-forwarding" ? "keys stay here" : "allow") });
  const no = await run("ssh", [...options(denied.port), "-A", "127.0.0.1", "ssh-add -l; echo ran"], { SSH_AUTH_SOCK });
  expect([no.out.includes("ED25519"), no.out.includes("ran"), no.err.includes("keys stay here")]).toEqual([
    false,
    true,
    true,
  ]);
});

test("X11: a program at the target reaches the screen here, with the cookie that was agreed on; denied, it does not", async () => {
  // As little of an X server as a program needs to be told no: what it was sent first is what counts.
  const heard: Buffer[] = [];
  const server = createServer((socket) => {
    socket.on("error", () => {});
    socket.once("data", (data) => {
      heard.push(data);
      socket.end(Buffer.from([0, 0, 11, 0, 0, 0, 0, 0]));
    });
  });
  const display = 900 + Math.floor(Math.random() * 90);
  const socket = `/tmp/.X11-unix/X${display}`;
  mkdirSync("/tmp/.X11-unix", { recursive: true });
  rmSync(socket, { force: true });
  server.listen(socket);
  await once(server, "listening");
  cleanups.push(() => {
    server.close();
    rmSync(socket, { force: true });
  });
  const XAUTHORITY = join(folder, "xauthority");
  spawnSync("xauth", [
    "-f",
    XAUTHORITY,
    "add",
    `:${display}`,
    "MIT-MAGIC-COOKIE-1",
    "00112233445566778899aabbccddeeff",
  ]);
  const env = { DISPLAY: `:${display}`, XAUTHORITY };
  const client = `python3 - <<'E'
import os, socket, subprocess
n = os.environ["DISPLAY"].split(":")[1].split(".")[0]
cookie = bytes.fromhex(subprocess.run(["xauth", "list", os.environ["DISPLAY"]], capture_output=True, text=True).stdout.split()[-1])
s = socket.create_connection(("127.0.0.1", 6000 + int(n)))
name = b"MIT-MAGIC-COOKIE-1"
s.sendall(b"l\\0" + (11).to_bytes(2, "little") + b"\\0\\0" + len(name).to_bytes(2, "little") + len(cookie).to_bytes(2, "little") + b"\\0\\0" + name + b"\\0\\0" + cookie)
print("answered", s.recv(8)[0])
E`;
  const lane = await lanes();
  const ran = await run("ssh", [...options(lane.port), "-o", "IdentityAgent=none", "-Y", "127.0.0.1", client], env);
  expect(ran.out, ran.err).toContain("answered 0");
  // The real cookie stands in the place of the one that the target was given.
  expect(heard[0]!.toString("hex")).toContain("00112233445566778899aabbccddeeff");
  expect(lane.asks.map(({ analysis }) => analysis?.attributes.kind)).toContain("x11-forwarding");
  const denied = await lanes({ decide: ({ text }) => (text === "x11-forwarding" ? "no screens" : "allow") });
  const no = await run(
    "ssh",
    [...options(denied.port), "-o", "IdentityAgent=none", "-Y", "127.0.0.1", 'echo "[$DISPLAY]"'],
    env,
  );
  expect([no.out, no.err.includes("no screens")]).toEqual(["[]\n", true]);
});

test("Ansible: ping, and a playbook with files and a template, pipelined and not", async () => {
  const lane = await lanes();
  const there = join(sshd.folder, "by-ansible");
  mkdirSync(there, { recursive: true });
  const common = `-F none -o UserKnownHostsFile=${folder}/known_hosts -o HostKeyAlias=site.hoop -o IdentityFile=none -o IdentityAgent=none -o ControlMaster=auto -o ControlPersist=20s -o ControlPath=${folder}/ansible-%C`;
  writeFileSync(
    join(folder, "inventory"),
    `site ansible_host=127.0.0.1 ansible_port=${lane.port} ansible_ssh_common_args='${common}' ansible_python_interpreter=/usr/bin/python3\n`,
  );
  writeFileSync(join(folder, "hello.j2"), "Hello {{ name }}, {{ 6 * 7 }}\n");
  writeFileSync(join(folder, "blob"), Buffer.from(Array.from({ length: 100_000 }, (_, at) => at % 251)));
  writeFileSync(
    join(folder, "play.yaml"),
    `- hosts: site
  gather_facts: false
  tasks:
    - copy: { src: ${folder}/blob, dest: ${there}/blob, mode: "0600" }
    - template: { src: ${folder}/hello.j2, dest: ${there}/hello }
      vars: { name: Ada }
    - command: cat ${there}/hello
      register: read
    - assert: { that: "read.stdout == 'Hello Ada, 42'" }
`,
  );
  const env = {
    ANSIBLE_HOST_KEY_CHECKING: "True",
    HOME: folder,
    ANSIBLE_LOCAL_TEMP: join(folder, "tmp"),
    LC_ALL: "C.UTF-8",
  };
  const ping = await run("ansible", ["-i", "inventory", "site", "-m", "ping"], env);
  expect([ping.code, ping.out.includes('"pong"')], ping.out + ping.err).toEqual([0, true]);
  for (const ANSIBLE_PIPELINING of ["False", "True"]) {
    const played = await run("ansible-playbook", ["-i", "inventory", "play.yaml"], { ...env, ANSIBLE_PIPELINING });
    expect(played.code, played.out + played.err).toBe(0);
  }
  expect(readFileSync(join(there, "blob")).equals(readFileSync(join(folder, "blob")))).toBe(true);
  await run("ssh", [
    "-F",
    "none",
    "-O",
    "exit",
    "-o",
    `ControlPath=${folder}/ansible-%C`,
    "-p",
    String(lane.port),
    "127.0.0.1",
  ]);
});
