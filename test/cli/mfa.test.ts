import { afterAll, beforeAll, expect, test } from "vitest";
import { codeOf } from "../api/factor-people.js";
import { type RunningCli, startGateway } from "./gateway.js";

// One story on one gateway: each test goes on where the one before ended. Codes are used in the order of their steps.
let gateway: RunningCli;
let secret = "";
let codes: string[] = [];

beforeAll(async () => {
  gateway = await startGateway();
});
afterAll(() => gateway?.stop());

const lines = (...given: readonly string[]) => `${given.join("\n")}\n`;
const events = (stdout: string) =>
  stdout
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line) as Record<string, unknown>);

test("without one, hoop mfa says how to get one", async () => {
  const listed = await gateway.hoop("admin", ["mfa", "ls"]);
  expect(listed).toMatchObject({ code: 0, stdout: "you have no second factor: hoop mfa enrol\n" });
  const nothing = await gateway.hoop("admin", ["mfa"]);
  expect(nothing).toMatchObject({ code: 5, stderr: expect.stringContaining("nothing waits for your second factor") });
});

test("enrolling shows the picture as blocks, and the wrong code enrols nothing", async () => {
  const refused = await gateway.hoop("admin", ["mfa", "enrol"], lines("000000"));
  expect(refused.code).toBe(4);
  expect(refused.stderr).toContain("Scan this with your authenticator");
  expect(refused.stderr).toMatch(/█[▀▄█ ]{20,}█/);
  expect(refused.stderr).not.toContain("\u001b");
  expect((await gateway.hoop("admin", ["mfa", "ls"])).stdout).toContain("no second factor");
});

test("enrolling ends with recovery codes, shown once", async () => {
  const { child, lines: output, exit } = gateway.start("admin", ["mfa", "enrol", "--json"]);
  const offer = JSON.parse((await output.next()).value) as { event: string; secret: string };
  expect(offer.event).toBe("totp");
  secret = offer.secret;
  child.stdin!.end(lines(await codeOf(secret, -1, 12_000)));
  const enrolled = JSON.parse((await output.next()).value) as { event: string; recoveryCodes: string[] };
  expect(enrolled.event).toBe("enrolled");
  codes = enrolled.recoveryCodes;
  expect(codes).toHaveLength(10);
  expect(await exit).toBe(0);
  expect((await gateway.hoop("admin", ["mfa", "ls"])).stdout).toMatch(
    /Authenticator +authenticator[\s\S]*codes left: 10/,
  );
});

test("hoop login asks for the code where the password is typed", async () => {
  const login = (...given: readonly string[]) =>
    gateway.hoop("second", ["login", gateway.url, "--user", "admin"], lines(...given));
  expect(await login(gateway.password)).toMatchObject({
    code: 2,
    stderr: expect.stringContaining("Code of your authenticator, or a recovery code is not on stdin"),
  });
  expect((await login(gateway.password, "000000")).code).toBe(3);
  expect(await login(gateway.password, codes[0]!)).toMatchObject({
    code: 0,
    stdout: expect.stringContaining("as admin"),
  });
  expect((await login(gateway.password, codes[0]!)).code).toBe(3);
  expect((await login(gateway.password, await codeOf(secret, 0, 12_000))).code).toBe(0);
});

test("a connection is answered for before it asks", async () => {
  await gateway.hoop(
    "admin",
    ["connections", "add", "pg", "--host", "127.0.0.1", "--user", "app", "--password-stdin"],
    lines("secret"),
  );
  const answered = await gateway.hoop("admin", ["mfa", "--for", "pg", "--json"], lines(codes[1]!));
  expect(answered.code).toBe(0);
  expect(JSON.parse(answered.stdout)).toEqual({ connection: "pg", with: "recovery-code", recoveryCodes: 8 });
  // A wrong code is refused once: the token is not renewed and the code not sent again.
  expect((await gateway.hoop("admin", ["mfa", "--for", "pg"], lines("000000"))).code).toBe(4);
  expect((await gateway.hoop("admin", ["mfa", "--for", "none"], lines("000000"))).code).toBe(5);
  expect((await gateway.hoop("admin", ["mfa", "BCDFG-HJKLM"], lines("000000"))).code).toBe(5);
});

test("new recovery codes and removing ask for a proof where the last one is old", async () => {
  // The home `admin` signed in by password alone: it has proved nothing with a factor yet.
  const made = await gateway.hoop("admin", ["mfa", "codes", "--yes", "--json"], lines(codes[2]!));
  expect(made.code).toBe(0);
  const fresh = (JSON.parse(made.stdout) as { recoveryCodes: string[] }).recoveryCodes;
  expect(fresh).toHaveLength(10);
  expect(fresh).not.toContain(codes[3]);
  codes = fresh;
  expect((await gateway.hoop("admin", ["mfa", "rm", "authenticator"])).code).toBe(2);
});

test("who must have one says the admin, and the last one stays", async () => {
  expect(
    (await gateway.hoop("admin", ["mfa", "policy", "--required", "--group", "admins", "--grace", "0s"])).stdout,
  ).toMatch(/second factor: +required\nfor: +admins/);
  expect(await gateway.hoop("admin", ["mfa", "rm", "authenticator", "--yes"])).toMatchObject({
    code: 6,
    stderr: expect.stringContaining("last second factor"),
  });
});

test("who has none makes one while signing in", async () => {
  await gateway.hoop(
    "admin",
    ["users", "add", "grace", "--group", "admins", "--password-stdin"],
    lines(gateway.password),
  );
  const { child, lines: output, exit } = gateway.start("grace", ["login", gateway.url, "--user", "grace", "--json"]);
  child.stdin!.write(lines(gateway.password));
  const offer = JSON.parse((await output.next()).value) as { event: string; secret: string };
  expect(offer.event).toBe("totp");
  // A writer that keeps the way open keeps no process alive.
  child.stdin!.write(lines(await codeOf(offer.secret, 0, 12_000)));
  expect(JSON.parse((await output.next()).value)).toMatchObject({ event: "recovery-codes" });
  expect(await exit).toBe(0);
  child.stdin!.end();
  expect((await gateway.hoop("grace", ["whoami"])).code).toBe(0);
});

test("an admin takes factors away", async () => {
  expect((await gateway.hoop("second", ["users", "reset-factors", "admin"])).code).toBe(2);
  expect((await gateway.hoop("second", ["mfa", "policy", "--optional"])).code).toBe(0);
  expect((await gateway.hoop("second", ["users", "reset-factors", "admin", "--yes"])).code).toBe(0);
  // Their logins are over, and the password alone signs in.
  expect((await gateway.hoop("admin", ["whoami"])).code).toBe(3);
  expect((await gateway.hoop("admin", ["login", gateway.url, "--user", "admin"], lines(gateway.password))).code).toBe(
    0,
  );
  const exported = await gateway.hoop("admin", ["audit", "export"]);
  for (const what of ["factor.added", "factor.policy", "factor.reset", "step-up", "login.factor-failed"])
    expect(exported.stdout).toContain(what);
  expect(exported.stdout).not.toContain(secret);
  expect(events(exported.stdout).length).toBeGreaterThan(5);
});
