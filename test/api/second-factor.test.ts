import { sql } from "kysely";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { answerFactor, codeOf, enrolTotp, knock, signInWith } from "./factor-people.js";
import { bearer, call, password, setUp, signIn, startTestApi, type TestApi } from "./support.js";

let api: TestApi;
let admin: Record<string, string>;
let count = 0;

beforeAll(async () => {
  api = await startTestApi();
  admin = await setUp(api);
});
afterAll(() => api.close());

async function person(groups: readonly string[] = ["engineers"]): Promise<string> {
  const name = `p${++count}`;
  const created = await call(api.app, "POST", "/api/v1/users", { name, groups, password }, admin);
  expect(created.status).toBe(201);
  return name;
}

const factorsOf = (headers: Record<string, string>) =>
  call<{ items: { id: string; kind: string }[]; recoveryCodes: number; required: boolean; notices: string[] }>(
    api.app,
    "GET",
    "/api/v1/me/factors",
    undefined,
    headers,
  );
const stepUp = (headers: Record<string, string>, body: Record<string, unknown>) =>
  call(api.app, "POST", "/api/v1/me/step-up", body, headers);
const changes = (what: string) =>
  api.recorder.entries.filter((entry) => entry.kind === "change" && (entry as { what: string }).what === what);

describe("an authenticator", () => {
  test("is made with a fresh password, asked for from then on, and its secret is nowhere in clear", async () => {
    const name = await person();
    const { secret, recoveryCodes } = await enrolTotp(api.app, name);
    expect(recoveryCodes).toHaveLength(10);
    expect(new Set(recoveryCodes).size).toBe(10);
    const step = await knock(api.app, name);
    expect(step).toMatchObject({ status: 202, body: { state: "factor", methods: ["totp", "recovery-code"] } });
    expect(JSON.stringify(step.body)).not.toContain("hoop_at_");
    const done = await answerFactor(api.app, step.body.pending, { code: await codeOf(secret) });
    expect(done.status).toBe(200);
    expect((await call(api.app, "GET", "/api/v1/me", undefined, bearer(done.body))).status).toBe(200);

    const { rows: tables } = await sql<{ name: string }>`select table_name as name from information_schema.tables
      where table_schema = 'public'`.execute(api.store.db);
    for (const { name: table } of tables) {
      const { rows } = await sql<{
        all: string | null;
      }>`select string_agg(t::text, '') as all from ${sql.id(table)} t`.execute(api.store.db);
      const text = rows[0]!.all ?? "";
      for (const kept of [
        secret,
        Buffer.from(secret).toString("hex"),
        recoveryCodes[0]!,
        recoveryCodes[0]!.replaceAll("-", ""),
      ])
        expect(text.includes(kept), `${table} holds ${kept}`).toBe(false);
    }
    expect(JSON.stringify(api.recorder.entries)).not.toContain(secret);
    expect(JSON.stringify(api.recorder.entries)).not.toContain(recoveryCodes[0]);
    expect(changes("factor.added").length).toBeGreaterThan(0);
  });

  test("a code is good once, at sign-in and everywhere else", async () => {
    const name = await person();
    const { secret } = await enrolTotp(api.app, name);
    const code = await codeOf(secret);
    const tokens = await signInWith(api.app, name, code);
    const again = await knock(api.app, name);
    const refused = await answerFactor(api.app, again.body.pending, { code });
    expect(refused).toMatchObject({ status: 401, body: { code: "unauthenticated" } });
    expect((await stepUp(bearer(tokens), { answer: { code } })).status).toBe(403);
    // One step older than what was used is used up too, though nobody ever typed it.
    expect((await answerFactor(api.app, again.body.pending, { code: await codeOf(secret, -1) })).status).toBe(401);
    expect((await answerFactor(api.app, again.body.pending, { code: await codeOf(secret, 1) })).status).toBe(200);
  });

  test("of two requests with one code one wins", async () => {
    const name = await person();
    const { secret } = await enrolTotp(api.app, name);
    const pending = await Promise.all([1, 2, 3].map(async () => (await knock(api.app, name)).body.pending));
    const code = await codeOf(secret);
    const answers = await Promise.all(pending.map((one) => answerFactor(api.app, one, { code })));
    expect(answers.map(({ status }) => status).sort()).toEqual([200, 401, 401]);
  });

  test("clocks may differ by a step, not by two", async () => {
    const name = await person();
    const { secret } = await enrolTotp(api.app, name);
    const { body } = await knock(api.app, name);
    expect((await answerFactor(api.app, body.pending, { code: await codeOf(secret, 2) })).status).toBe(401);
    expect((await answerFactor(api.app, body.pending, { code: await codeOf(secret, -2) })).status).toBe(401);
    expect((await answerFactor(api.app, body.pending, { code: await codeOf(secret, 1) })).status).toBe(200);
  });

  test("a sign-in ends after five wrong answers, is good once, and is written down with each failure", async () => {
    const name = await person();
    const { secret } = await enrolTotp(api.app, name);
    const before = changes("login.factor-failed").length;
    const { body } = await knock(api.app, name);
    const statuses: number[] = [];
    for (let n = 0; n < 6; n++) statuses.push((await answerFactor(api.app, body.pending, { code: "000000" })).status);
    expect(statuses.slice(0, 5)).toEqual([401, 401, 401, 401, 401]);
    expect((await answerFactor(api.app, body.pending, { code: await codeOf(secret) })).status).not.toBe(200);
    expect(changes("login.factor-failed").length).toBeGreaterThanOrEqual(before + 5);

    const other = await person();
    const enrolled = await enrolTotp(api.app, other);
    const step = await knock(api.app, other);
    const answer = { code: await codeOf(enrolled.secret) };
    expect((await answerFactor(api.app, step.body.pending, answer)).status).toBe(200);
    expect(await answerFactor(api.app, step.body.pending, { code: await codeOf(enrolled.secret, 1) })).toMatchObject({
      status: 401,
      body: { message: "this sign-in is over" },
    });
  });

  test("what is not a pending sign-in is none", async () => {
    for (const pending of ["x", "hoop_pl_x", `hoop_at_${"a".repeat(43)}`, `hoop_pl_${"a".repeat(43)}`])
      expect((await answerFactor(api.app, pending, { code: "123456" })).status).toBe(401);
  });
});

describe("recovery codes", () => {
  test("are good once each, as people type them, and two at once do not pass with one", async () => {
    const name = await person();
    const { recoveryCodes } = await enrolTotp(api.app, name);
    await signInWith(api.app, name, ` ${recoveryCodes[0]!.toLowerCase().replaceAll("-", " ")} `);
    await expect(signInWith(api.app, name, recoveryCodes[0]!)).rejects.toThrow(/401/);
    const pending = await Promise.all([1, 2].map(async () => (await knock(api.app, name)).body.pending));
    const raced = await Promise.all(pending.map((one) => answerFactor(api.app, one, { code: recoveryCodes[1]! })));
    expect(raced.map(({ status }) => status).sort()).toEqual([200, 401]);
  });

  test("of one person are nothing to another", async () => {
    const [one, two] = [await person(), await person()];
    const { recoveryCodes } = await enrolTotp(api.app, one);
    await enrolTotp(api.app, two);
    await expect(signInWith(api.app, two, recoveryCodes[0]!)).rejects.toThrow(/401/);
    await signInWith(api.app, one, recoveryCodes[0]!);
  });

  test("warn when few are left, and new ones end the old", async () => {
    const name = await person();
    const { recoveryCodes } = await enrolTotp(api.app, name);
    for (const code of recoveryCodes.slice(0, 6)) await signInWith(api.app, name, code);
    const { body } = await knock(api.app, name);
    const signedIn = await answerFactor(api.app, body.pending, { code: recoveryCodes[6]! });
    expect(signedIn.body.notices).toEqual(["3 recovery codes are left: hoop mfa codes"]);
    const headers = bearer(signedIn.body);
    const fresh = await call<{ recoveryCodes: string[] }>(
      api.app,
      "POST",
      "/api/v1/me/factors/recovery-codes",
      undefined,
      headers,
    );
    expect(fresh.body.recoveryCodes).toHaveLength(10);
    await expect(signInWith(api.app, name, recoveryCodes[7]!)).rejects.toThrow(/401/);
    await signInWith(api.app, name, fresh.body.recoveryCodes[0]!);
  });
});

describe("changing factors", () => {
  test("needs a proof of the last minutes that belongs to this very login", async () => {
    const name = await person();
    const { headers, secret, factor } = await enrolTotp(api.app, name);
    // The password was fresh enough for the first factor; now there is one, and the password is no longer enough.
    const refused = await call(api.app, "POST", "/api/v1/me/factors/recovery-codes", undefined, headers);
    expect(refused).toMatchObject({ status: 412, body: { message: "answer one of your second factors first" } });
    expect((await call(api.app, "DELETE", `/api/v1/me/factors/${factor}`, undefined, headers)).status).toBe(412);
    expect((await stepUp(headers, { answer: { password } })).status).toBe(412);
    const other = bearer(await signInWith(api.app, name, await codeOf(secret)));
    expect((await call(api.app, "DELETE", `/api/v1/me/factors/${factor}`, undefined, headers)).status).toBe(412);
    expect((await call(api.app, "DELETE", `/api/v1/me/factors/${factor}`, undefined, other)).status).toBe(204);
    // The last one takes the recovery codes along: the password alone signs in again.
    expect((await factorsOf(other)).body).toMatchObject({ items: [], recoveryCodes: 0 });
    expect((await knock(api.app, name)).status).toBe(200);
  });

  test("a proof grows old", async () => {
    const name = await person();
    const headers = bearer(await signIn(api.app, name));
    const { login } = await api.deps.identity.authenticator.authenticate(headers.authorization!.slice(7));
    await sql`update logins set proved_at = now() - interval '6 minutes' where id = ${login}`.execute(api.store.db);
    expect((await call(api.app, "POST", "/api/v1/me/factors/totp", undefined, headers)).status).toBe(412);
    expect((await stepUp(headers, { answer: { password: "not the password" } })).status).toBe(403);
    expect((await stepUp(headers, { answer: { password } })).status).toBe(200);
    expect((await call(api.app, "POST", "/api/v1/me/factors/totp", undefined, headers)).status).toBe(200);
  });

  test("somebody else's factor is not there", async () => {
    const [one, two] = [await person(), await person()];
    const owner = await enrolTotp(api.app, one);
    const thief = bearer(await signIn(api.app, two));
    expect((await call(api.app, "DELETE", `/api/v1/me/factors/${owner.factor}`, undefined, thief)).status).toBe(404);
    expect((await call(api.app, "PATCH", `/api/v1/me/factors/${owner.factor}`, { name: "x" }, thief)).status).toBe(404);
    expect((await factorsOf(owner.headers)).body.items).toHaveLength(1);
    // An unfinished one of another is not to be finished either.
    const three = bearer(await signIn(api.app, await person()));
    const offer = await call<{ id: string; secret: string }>(
      api.app,
      "POST",
      "/api/v1/me/factors/totp",
      undefined,
      three,
    );
    const stolen = await call(
      api.app,
      "POST",
      `/api/v1/me/factors/totp/${offer.body.id}`,
      { code: await codeOf(offer.body.secret) },
      thief,
    );
    expect(stolen.status).toBe(404);
  });

  test("an unfinished authenticator asks nothing of anybody", async () => {
    const name = await person();
    const headers = bearer(await signIn(api.app, name));
    await call(api.app, "POST", "/api/v1/me/factors/totp", undefined, headers);
    expect((await knock(api.app, name)).status).toBe(200);
    await call(api.app, "POST", "/api/v1/me/factors/totp", undefined, headers);
    await api.deps.identity.factors.sweep();
    const { rows } = await sql<{ left: number }>`select count(*)::int as left from factors f
      join subjects s on s.id = f.subject_id where s.name = ${name}`.execute(api.store.db);
    expect(rows[0]!.left).toBe(1);
  });
});

describe("who must have one", () => {
  const settle = (body: Record<string, unknown>) => call(api.app, "PUT", "/api/v1/settings/factors", body, admin);

  test("in time, then at the door: enrolment is part of signing in", async () => {
    const name = await person(["engineers", "auditors"]);
    const early = await signIn(api.app, name);
    expect((await settle({ mode: "required", groups: ["nobody-knows"] })).status).toBe(400);
    expect((await settle({ mode: "required", groups: ["auditors"], graceSeconds: 86_400 })).status).toBe(200);
    const graced = await knock(api.app, name);
    expect(graced.status).toBe(200);
    expect((graced.body as unknown as { notices: string[] }).notices[0]).toMatch(/you need a second factor/);

    expect((await settle({ mode: "required", groups: ["auditors"], graceSeconds: 0 })).status).toBe(200);
    const step = await knock(api.app, name);
    expect(step).toMatchObject({ status: 202, body: { state: "enrol", methods: [] } });
    const { pending } = step.body;
    expect((await answerFactor(api.app, pending, { code: "000000" })).status).toBe(401);
    const offer = await call<{ id: string; secret: string }>(api.app, "POST", "/api/v1/login/enrol/totp", { pending });
    const finish = (code: string) =>
      call<{ recoveryCodes: string[]; accessToken: string; refreshToken: string }>(
        api.app,
        "POST",
        "/api/v1/login/enrol",
        {
          pending,
          factor: { totp: offer.body.id, code },
        },
      );
    expect((await finish("000000")).status).toBe(401);
    const done = await finish(await codeOf(offer.body.secret, -1));
    expect(done).toMatchObject({ status: 200, body: { subject: { name } } });
    expect(done.body.recoveryCodes).toHaveLength(10);
    expect((await finish(await codeOf(offer.body.secret))).status).toBe(401);

    // A program from before is not renewed; one from now is.
    const renew = (refreshToken: string) => call(api.app, "POST", "/api/v1/login/token", { refreshToken });
    expect(await renew(early.refreshToken)).toMatchObject({
      status: 401,
      body: { message: "you must sign in with a second factor now" },
    });
    expect((await renew(done.body.refreshToken)).status).toBe(200);

    // The last one stays.
    const headers = bearer(await signInWith(api.app, name, await codeOf(offer.body.secret)));
    const removed = await call(api.app, "DELETE", `/api/v1/me/factors/${offer.body.id}`, undefined, headers);
    expect(removed).toMatchObject({
      status: 409,
      body: { message: "this is your last second factor, and you must have one" },
    });
    // Others are not meant.
    expect((await knock(api.app, await person())).status).toBe(200);
    expect((await settle({ mode: "optional" })).status).toBe(200);
    expect(changes("factor.policy").at(-1)).toMatchObject({
      before: { mode: "required" },
      after: { mode: "optional" },
    });
  });

  test("a program that is approved by somebody signed in with a factor is as good as they", async () => {
    const name = await person();
    const { secret, headers: weak } = await enrolTotp(api.app, name);
    const strong = bearer(await signInWith(api.app, name, await codeOf(secret)));
    const approved = async (by: Record<string, string>) => {
      const { body } = await call<{ device_code: string; user_code: string }>(
        api.app,
        "POST",
        "/api/v1/login/device",
        {},
      );
      await call(api.app, "POST", `/api/v1/login/device/${body.user_code}`, { answer: "approved" }, by);
      const taken = await call<{ refreshToken: string }>(api.app, "POST", "/api/v1/login/token", {
        deviceCode: body.device_code,
      });
      return taken.body.refreshToken;
    };
    const [fromWeak, fromStrong] = [await approved(weak), await approved(strong)];
    await settle({ mode: "required", groups: ["engineers"], graceSeconds: 0 });
    const renew = async (refreshToken: string) =>
      (await call(api.app, "POST", "/api/v1/login/token", { refreshToken })).status;
    expect(await renew(fromWeak)).toBe(401);
    expect(await renew(fromStrong)).toBe(200);
    await settle({ mode: "optional" });
  });
});

test("an admin takes factors away, sees no secret, and every login of theirs ends", async () => {
  const name = await person();
  const { headers, secret } = await enrolTotp(api.app, name);
  const looked = await call(api.app, "GET", `/api/v1/users/${name}/factors`, undefined, admin);
  expect(looked.status).toBe(200);
  expect(JSON.stringify(looked.body)).not.toContain(secret);
  expect((await call(api.app, "DELETE", `/api/v1/users/${name}/factors`, undefined, headers)).status).toBe(403);
  expect((await call(api.app, "DELETE", `/api/v1/users/${name}/factors`, undefined, admin)).status).toBe(204);
  await expect.poll(async () => (await call(api.app, "GET", "/api/v1/me", undefined, headers)).status).toBe(401);
  expect((await knock(api.app, name)).status).toBe(200);
  expect(changes("factor.reset").at(-1)).toMatchObject({ target: name, before: [{ kind: "totp" }] });
});

test("the page without a console asks for the code in the same form", async () => {
  const name = await person();
  const { secret, recoveryCodes } = await enrolTotp(api.app, name);
  const form = async (factor: string) => {
    const { body } = await call<{ user_code: string; device_code: string }>(
      api.app,
      "POST",
      "/api/v1/login/device",
      {},
    );
    const fields = { code: body.user_code, name, password, factor, answer: "approved" };
    const answered = await call<string>(api.app, "POST", "/login/device", new URLSearchParams(fields).toString(), {
      "content-type": "application/x-www-form-urlencoded",
    });
    return answered;
  };
  expect(await form("")).toMatchObject({ status: 400, body: expect.stringContaining("second factor as well") });
  expect((await form("000000")).status).toBe(400);
  expect((await form(await codeOf(secret))).status).toBe(200);
  expect((await form(recoveryCodes[0]!)).status).toBe(200);
});

test("removing a user removes what proved who they were", async () => {
  const name = await person();
  await enrolTotp(api.app, name);
  const { body } = await call<{ id: string }>(api.app, "GET", `/api/v1/users/${name}`, undefined, admin);
  expect((await call(api.app, "DELETE", `/api/v1/users/${name}`, undefined, admin)).status).toBe(204);
  const { rows } = await sql<{ left: number }>`select (select count(*) from factors where subject_id = ${body.id})::int
    + (select count(*) from recovery_codes where subject_id = ${body.id})::int as left`.execute(api.store.db);
  expect(rows[0]!.left).toBe(0);
});
