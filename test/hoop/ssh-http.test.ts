import { spawn } from "node:child_process";
import { once } from "node:events";
import { writeFileSync } from "node:fs";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type Sshd, startSshd } from "../ssh/sshd.js";
import { type RunningHoop, startHoop } from "../support/hoop.js";
import { type PostgresServer, startPostgres } from "../support/postgres.js";

let postgres: PostgresServer;
let hoop: RunningHoop;
let sshd: Sshd;
let site: Server;
const seen: string[] = [];

const policy = `
apiVersion: hoop/v1
kind: access
metadata: { name: everything }
spec:
  who: { group: [engineers, admins] }
  where: everywhere
  effects: [read, write, define, destroy, admin, execute, connect, unknown]
---
apiVersion: hoop/v1
kind: guard
metadata: { name: no-deletes }
spec:
  where: { protocol: http }
  when: { attributes: { method: DELETE } }
  action: deny
  reason: nothing is deleted here
---
apiVersion: hoop/v1
kind: guard
metadata: { name: no-reboot }
spec:
  where: { protocol: ssh }
  when: { attributes: { command: "*reboot*" } }
  action: deny
  reason: not during the day
`;

beforeAll(async () => {
  postgres = await startPostgres({ version: 15, settings: {} });
  sshd = await startSshd();
  site = createServer((request, response) => {
    seen.push(`${request.method} ${request.url} ${request.headers.authorization ?? ""}`);
    response.end(`hello from ${request.headers.host}`);
  });
  site.listen(0, "127.0.0.1");
  await once(site, "listening");
  const sitePort = (site.address() as AddressInfo).port;
  hoop = await startHoop({
    target: postgres,
    policy,
    agentFlags: ["--allow", `127.0.0.1:${sshd.port}`, "--allow", `127.0.0.1:${sitePort}`],
  });
  const keyFile = join(hoop.folder, "web-1.key");
  writeFileSync(keyFile, sshd.userKey, { mode: 0o600 });
  await hoop.hoop("admin", [
    "connections",
    "add",
    "web-1",
    "--protocol",
    "ssh",
    "--host",
    "127.0.0.1",
    "--port",
    String(sshd.port),
    "--user",
    "root",
    "--agent",
    "site",
    "--secret-file",
    keyFile,
  ]);
  await hoop.hoop(
    "admin",
    [
      ...["connections", "add", "grafana", "--protocol", "http", "--host", "127.0.0.1", "--port", String(sitePort)],
      ...["--target", 'auth={"kind":"bearer"}', "--exposes-credential-to-agent", "--agent", "site", "--password-stdin"],
    ],
    "t0ken-of-grafana",
  );
});
afterAll(async () => {
  await hoop?.stop();
  site?.close();
  await sshd?.stop();
  await postgres?.stop();
});

async function run(
  program: string,
  args: readonly string[],
): Promise<{ out: string; err: string; code: number | null }> {
  const child = spawn(program, args, { timeout: 120_000 });
  let [out, err] = ["", ""];
  child.stdout.on("data", (chunk) => (out += chunk));
  child.stderr.on("data", (chunk) => (err += chunk));
  child.stdin.end();
  const [code] = (await once(child, "close")) as [number | null];
  return { out, err, code };
}

test("ssh reaches the target with what the tunnel wrote, and asks for no key, password or yes", async () => {
  const { host, port } = await hoop.place("web-1");
  const config = join(hoop.folder, "engineer", "tunnel", "ssh_config");
  const ssh = (...command: string[]) =>
    run("ssh", ["-F", config, "-o", "BatchMode=yes", "-o", "IdentityAgent=none", "-p", String(port), host, ...command]);
  expect(await ssh("echo $USER; id -un")).toMatchObject({ out: expect.stringContaining("root"), err: "", code: 0 });
  expect(await ssh("sudo reboot now")).toMatchObject({ code: 126, err: expect.stringContaining("not during the day") });
  expect((await ssh("echo again")).out).toBe("again\n");
});

test("curl reaches the site, the credential is put in, and rules answer with 403", async () => {
  const { host, port } = await hoop.place("grafana");
  const curl = (...args: string[]) =>
    run("curl", ["-sS", "--connect-to", `grafana.hoop::${host}:${port}`, ...args, "http://grafana.hoop/api/things"]);
  expect((await curl()).out).toMatch(/^hello from 127\.0\.0\.1:\d+$/);
  expect(seen.at(-1)).toBe("GET /api/things Bearer t0ken-of-grafana");
  expect((await curl("-X", "DELETE")).out).toContain("nothing is deleted here");
  expect(seen.at(-1)).toMatch(/^GET/);
});

test("https by the name's own certificate", async () => {
  const { host, port } = await hoop.place("grafana");
  const ca = join(hoop.folder, "ca.pem");
  writeFileSync(ca, hoop.authority);
  const { out, err } = await run("curl", [
    "-sS",
    "--cacert",
    ca,
    "--connect-to",
    `grafana.hoop::${host}:${port}`,
    "https://grafana.hoop/x",
  ]);
  expect([out, err]).toEqual([expect.stringContaining("hello from"), ""]);
});

test("what a terminal showed can be replayed, and that somebody looked is in the audit", async () => {
  const { host, port } = await hoop.place("web-1");
  const config = join(hoop.folder, "engineer", "tunnel", "ssh_config");
  const line = `ssh -F ${config} -o BatchMode=yes -o IdentityAgent=none -p ${port} -tt ${host} echo on-the-screen`;
  expect((await run("script", ["-qec", line, "/dev/null"])).out).toContain("on-the-screen");
  const sessions = JSON.parse(await hoop.hoop("admin", ["sessions", "ls", "--connection", "web-1", "--json"])) as {
    id: string;
  }[];
  const cast = await hoop.hoop("admin", ["sessions", "replay", sessions[0]!.id, "--because", "INC-7", "--raw"]);
  expect(JSON.parse(cast.split("\n")[0]!)).toMatchObject({ version: 2 });
  expect(cast).toContain("on-the-screen");
  expect(await hoop.verifyAudit()).toContain("payload-revealed");
});

test("what was done is in the audit under the person's name, and no secret is", async () => {
  const report = (await hoop.verifyAudit()).replaceAll('\\"', '"');
  for (const text of ['"name":"ada"', "sudo reboot", "DELETE /api/things", "GET /api/things"])
    expect(report.includes(text), text).toBe(true);
  // What was typed is sealed like a statement's literals.
  for (const secret of ["t0ken-of-grafana", "BEGIN OPENSSH", "sudo reboot now"])
    expect(report.includes(secret), secret).toBe(false);
});
