import { spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { afterAll, afterEach, beforeAll, expect, test } from "vitest";
import { type RunningHoop, startHoop } from "../support/hoop.js";
import { type Sshd, startSshd } from "./sshd.js";
import { Terminal } from "./terminal.js";

const cli = new URL("../../dist/cli.js", import.meta.url).pathname;
const email = "jane.doe@example.org";

let sshd: Sshd;
let hoop: RunningHoop;
let address: { host: string; port: number };
const cleanups: (() => unknown)[] = [];

beforeAll(async () => {
  sshd = await startSshd();
  // No database is looked at here: what stands behind `pg` is never asked.
  const target = { host: "127.0.0.1", port: sshd.port, user: "x", password: "x", database: "x" };
  hoop = await startHoop({ target });
  const key = join(hoop.folder, "key");
  writeFileSync(key, sshd.userKey, { mode: 0o600 });
  await hoop.hoop("admin", [
    ...["connections", "add", "web-1", "--protocol", "ssh", "--host", "127.0.0.1", "--port", String(sshd.port)],
    ...["--user", "root", "--agent", "site", "--secret-file", key],
  ]);
  const password = randomBytes(12).toString("base64url");
  await hoop.hoop("admin", ["users", "add", "grace", "--group", "auditors", "--password-stdin"], password);
  mkdirSync(join(hoop.folder, "grace"), { mode: 0o700 });
  const login = asGrace(["login", hoop.http, "--user", "grace"]);
  login.stdin!.end(password);
  expect((await once(login, "close"))[0]).toBe(0);
  address = await hoop.place("web-1");
});
afterAll(async () => {
  await hoop?.stop();
  await sshd?.stop();
});
afterEach(async () => {
  for (const cleanup of cleanups.splice(0)) await cleanup();
});

function asGrace(args: readonly string[]) {
  const child = spawn(process.execPath, [cli, ...args], {
    env: { PATH: process.env.PATH, HOOP_HOME: join(hoop.folder, "grace") },
    stdio: ["pipe", "pipe", "pipe"],
  });
  child.stdin.on("error", () => {});
  cleanups.push(() => child.kill());
  return child;
}

async function said(args: readonly string[]): Promise<{ out: string; code: number | null }> {
  const child = asGrace(args);
  child.stdin.end();
  let out = "";
  child.stdout.on("data", (chunk) => (out += chunk));
  child.stderr.on("data", (chunk) => (out += chunk));
  const [code] = (await once(child, "close")) as [number | null];
  return { out, code };
}

async function shell(): Promise<Terminal> {
  const options = ["-F", "none", "-o", "StrictHostKeyChecking=no", "-o", "UserKnownHostsFile=/dev/null"];
  const terminal = new Terminal(
    `stty rows 30 cols 100; ssh ${options.join(" ")} -o LogLevel=ERROR -o IdentityAgent=none -p ${address.port} -tt ${address.host}`,
  );
  cleanups.push(() => terminal.child.kill());
  await terminal.shows(/[#$] $/);
  return terminal;
}

/** The one session that is open: those of the tests before have ended by then. */
async function liveId(): Promise<string> {
  const open = async () =>
    JSON.parse(await hoop.hoop("admin", ["sessions", "ls", "--open", "--json"])) as { id: string }[];
  await expect.poll(async () => (await open()).length).toBe(1);
  return (await open())[0]!.id;
}

const changes = async () => (await hoop.hoop("admin", ["audit", "changes", "--json"])).toString();

test("a session is watched as it goes on, masked and written down, until who watches may no longer", async () => {
  const terminal = await shell();
  const id = await liveId();
  const watching = asGrace(["sessions", "watch", id, "--because", "INC-9", "--json"]);
  const events: { kind: string; frame?: { rows: [number, string][] }; text?: string }[] = [];
  createInterface({ input: watching.stdout }).on("line", (line) => events.push(JSON.parse(line)));
  const rows = () => events.flatMap(({ frame }) => frame?.rows.map(([, text]) => text) ?? []).join("\n");
  await expect.poll(rows).toMatch(/[#$]/);
  terminal.type(`printf '%s@%s\\n' jane.doe example.org\r`);
  await terminal.shows(email);
  await expect.poll(rows).toMatch(/^•+@?•*$|•{8,}/m);
  expect(rows()).not.toContain(email);
  await expect.poll(changes).toMatch(/session\.watched[\s\S]*INC-9|INC-9[\s\S]*session\.watched/);
  const over = once(watching, "close");
  await hoop.hoop("admin", ["users", "disable", "grace"]);
  await over;
  terminal.type("echo after-the-end\r");
  await terminal.shows("\nafter-the-end");
  expect(rows()).not.toContain("after-the-end");
  await expect.poll(changes).toContain("session.watch-ended");
  await hoop.hoop("admin", ["users", "enable", "grace"]);
});

test("who looks on at a terminal sees the screen, and ends the session from there", async () => {
  const terminal = await shell();
  const id = await liveId();
  const looking = new Terminal(`stty rows 40 cols 120; ${process.execPath} ${cli} sessions watch ${id}`, {
    HOOP_HOME: join(hoop.folder, "admin"),
  });
  cleanups.push(() => looking.child.kill());
  terminal.type("echo seen-$((40 + 2))\r");
  await looking.shows("seen-42");
  looking.type("k");
  await looking.shows("k again ends it");
  looking.type("k");
  await terminal.shows(/admin ended this session: ended by who looked on/);
  await terminal.over();
  await looking.over();
});

test("what stood on a screen is found, however it was drawn, and replayed masked; with a reason as it was", async () => {
  const terminal = await shell();
  const id = await liveId();
  terminal.type(`printf 'an un\\033[1musu\\033[0mal wo\\033[Crd %s@%s\\n' jane.doe example.org\r`);
  await terminal.shows(email);
  terminal.type("exit\r");
  await terminal.over();
  const admin = (...args: string[]) => hoop.hoop("admin", args);
  const found = async () =>
    JSON.parse(await admin("sessions", "search", "AN UNUSUAL WO RD", "--json")) as { session: string; line: string }[];
  await expect.poll(async () => (await found()).map(({ session }) => session)).toContain(id);
  expect(JSON.stringify(await found())).not.toContain(email);
  expect(await admin("sessions", "search", "nothing of the kind", "--json")).toContain("[]");
  const masked = await admin("sessions", "replay", id, "--speed", "1000000");
  expect([masked.includes("an unusual wo rd"), masked.includes(email)]).toEqual([true, false]);
  const sealed = await admin("sessions", "replay", id, "--because", "INC-9", "--raw");
  expect(sealed).toContain(email);
  const written = await changes();
  for (const what of ["sessions.searched", "session.replayed", "payload-revealed"]) expect(written).toContain(what);
});

test("who may not open recordings can neither watch, search nor replay, their own neither", async () => {
  const terminal = await shell();
  const id = await liveId();
  for (const args of [
    ["watch", id],
    ["search", "root"],
    ["replay", id],
  ])
    await expect(hoop.hoop("engineer", ["sessions", ...args])).rejects.toThrow(/sessions.reveal/);
  terminal.type("exit\r");
  await terminal.over();
  expect((await said(["sessions", "watch", id])).code).not.toBe(0);
});
