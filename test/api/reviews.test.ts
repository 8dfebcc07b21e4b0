import { createHash, randomUUID } from "node:crypto";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import type { HoldRequest, Rehearsal } from "../../src/reviews/index.js";
import { ruleId, type Subject, sessionId, statementId } from "../../src/vocabulary/index.js";
import { bearer, call, password, setUp, signIn, startTestApi, type TestApi } from "./support.js";

interface Shown {
  readonly id: string;
  readonly state: string;
  readonly text: string | null;
  readonly preview: string;
  readonly missing: string;
  readonly version: number;
  readonly rehearsal: Rehearsal | null;
  readonly can: Readonly<Record<string, boolean>>;
  readonly decisions: readonly { readonly by: { readonly name: string }; readonly counts: boolean }[];
}
interface Page {
  readonly items: readonly Shown[];
  readonly next: string | null;
}

const people = {
  ada: ["engineers"],
  rick: ["dba"],
  rita: ["dba", "engineers"],
  sally: ["engineers"],
  audrey: ["auditors"],
  dan: ["dba"],
} as const;
type Name = keyof typeof people;

const policy = `
apiVersion: hoop/v1
kind: request
metadata: { name: ask-for-prod }
spec:
  who: { group: [engineers] }
  where: { connection: pg-secret }
  effects: [read, write]
  longest: 8h
  approve: { approvals: [{ groups: [dba] }] }
---
apiVersion: hoop/v1
kind: mask
metadata: { name: hide-emails }
spec:
  columns: [public.customers.email]
  mask: { method: redact }
---
apiVersion: hoop/v1
kind: access
metadata: { name: open }
spec:
  who: { group: [dba] }
  where: { connection: pg-secret }
  effects: [read]
`;

let api: TestApi;
let admin: Record<string, string>;
const as = {} as Record<Name, Record<string, string>>;
const subjects = {} as Record<Name, Subject>;

beforeAll(async () => {
  api = await startTestApi();
  admin = await setUp(api);
  await call(api.app, "POST", "/api/v1/groups", { name: "dba" }, admin);
  for (const [name, groups] of Object.entries(people) as [Name, readonly string[]][]) {
    // The admin is called ada as well: this one has another name there.
    const user = name === "ada" ? "adele" : name;
    await call(api.app, "POST", "/api/v1/users", { name: user, password, groups }, admin);
    as[name] = bearer(await signIn(api.app, user));
    const { id, version } = await api.deps.identity.users.get(user);
    subjects[name] = { id, kind: "person", name: user, groups, version };
  }
  for (const name of ["pg-secret", "pg-other"]) {
    const draft = { name, protocol: "postgres", host: "127.0.0.1", labels: { env: "prod" }, target: { user: "app" } };
    const { status, body } = await call(api.app, "POST", "/api/v1/connections", draft, admin);
    expect(status, JSON.stringify(body)).toBe(201);
  }
  const { source } = api.deps.policy;
  const before = source.current().version;
  const applied = await call(api.app, "POST", "/api/v1/policy/apply", { text: policy, prune: true }, admin);
  expect(applied.status, JSON.stringify(applied.body)).toBe(200);
  // A change takes effect when the feed has told of it.
  await vi.waitFor(() => expect(source.current().version).not.toBe(before), { timeout: 20_000, interval: 10 });
});
afterAll(() => api.close());

const secretText = "update customers set email = 'jane@example.com' where id = 7";

function request(more: Partial<HoldRequest> = {}): HoldRequest {
  const session = sessionId(randomUUID());
  return {
    subject: subjects.ada,
    onBehalfOf: null,
    connection: api.deps.connections.get("pg-secret"),
    session,
    statement: statementId(session, 1),
    digest: createHash("sha256").update(randomUUID()).digest("hex"),
    text: secretText,
    values: null,
    database: "app",
    role: "app",
    analysis: {
      shape: "update customers set email = ? where id = ?",
      effects: ["write"],
      resources: [{ kind: "relation", name: "public.customers", access: "write" }],
      attributes: {},
      unknowns: [],
    },
    terms: [
      {
        rule: ruleId("hold-writes"),
        approvals: [{ count: 1, groups: ["dba"] }],
        expiresMs: 60_000,
        useWithinMs: 60_000,
        reasonRequired: false,
        inTransaction: "refuse",
        rehearse: true,
        breakGlass: [],
        escalate: null,
      },
    ],
    reasons: [{ rule: ruleId("hold-writes"), code: "held", text: "writes to production wait" }],
    transaction: [],
    ...more,
  };
}
const hold = async (more: Partial<HoldRequest> = {}) => {
  const wanted = request(more);
  return { ...(await api.deps.reviews.desk.hold(wanted, () => {})), digest: wanted.digest };
};
const get = <T = Shown>(who: Record<string, string>, path: string) =>
  call<T>(api.app, "GET", `/api/v1${path}`, undefined, who);
const post = <T = Shown>(who: Record<string, string>, path: string, body: unknown = {}) =>
  call<T>(api.app, "POST", `/api/v1${path}`, body, who);

describe("who sees a review", () => {
  test("its requester, those who decide, auditors and admins; for everybody else it is not there, whatever they try", async () => {
    const { id } = await hold();
    for (const who of ["ada", "rick", "rita", "audrey"] as const)
      expect((await get(as[who], `/reviews/${id}`)).status, who).toBe(200);
    expect((await get(admin, `/reviews/${id}`)).status).toBe(200);
    const none = await get(as.sally, "/reviews/lusab-tofim");
    for (const answer of [
      await get(as.sally, `/reviews/${id}`),
      await get(as.sally, `/reviews/${id}/content`),
      await get(as.sally, `/reviews/${id}/watch?version=0`),
      await post(as.sally, `/reviews/${id}/approve`),
      await post(as.sally, `/reviews/${id}/deny`),
      await post(as.sally, `/reviews/${id}/break-glass`, { reason: "x" }),
      await post(as.sally, `/reviews/${id}/withdraw`),
      await post(as.sally, `/reviews/${id}/comments`, { text: "x" }),
    ]) {
      expect(answer.status).toBe(404);
      expect(JSON.stringify(answer.body).replaceAll(id, "")).toBe(
        JSON.stringify(none.body).replaceAll("lusab-tofim", ""),
      );
    }
    expect((await get<Page>(as.sally, "/reviews?view=decide")).body.items).toEqual([]);
    expect((await get<Page>(as.sally, "/reviews?view=mine")).body.items).toEqual([]);
    expect((await get(as.sally, "/reviews?view=all")).status).toBe(403);
  });

  test("an auditor sees the shape, and the text only by a look that is recorded", async () => {
    const { id } = await hold();
    const seen = (await get(as.audrey, `/reviews/${id}`)).body;
    expect(seen.text).toBeNull();
    expect(JSON.stringify(seen)).not.toContain("jane@example.com");
    expect(seen.can).toEqual({ approve: false, deny: false, breakGlass: false, withdraw: false });
    const list = (await get<Page>(as.audrey, "/reviews?view=all")).body;
    expect(list.items.map((one) => one.id)).toContain(id);
    expect(JSON.stringify(list)).not.toContain("jane@example.com");
    const before = api.recorder.entries.length;
    expect((await get<{ text: string }>(as.audrey, `/reviews/${id}/content`)).body.text).toBe(secretText);
    expect(api.recorder.entries.slice(before)).toMatchObject([
      { what: "review.revealed", target: id, actor: { name: "audrey" } },
    ]);
    const looked = api.recorder.entries.length;
    expect((await get<{ text: string }>(as.rick, `/reviews/${id}/content`)).body.text).toBe(secretText);
    expect(api.recorder.entries).toHaveLength(looked);
  });

  test("a rehearsal is masked for whoever looks; who may not open the connection sees how much and not what", async () => {
    const { id } = await hold();
    await api.deps.reviews.desk.rehearsed(id, {
      kind: "tried",
      rows: 1,
      keys: null,
      ran: null,
      before: [{ id: "7", email: "old@example.com", note: null }],
      after: [{ id: "7", email: "jane@example.com", note: null }],
      triggers: ["audit_customers"],
      cascades: [],
    });
    const seenBy = async (who: Record<string, string>) => (await get(who, `/reviews/${id}`)).body.rehearsal;
    expect(await seenBy(as.rick)).toMatchObject({
      rows: 1,
      before: [{ id: "7", email: "***", note: null }],
      after: [{ id: "7", email: "***", note: null }],
      triggers: ["audit_customers"],
    });
    // Who asks could learn values by trying statements and never running one.
    expect(await seenBy(as.ada)).toBeNull();
    expect(await seenBy(as.audrey)).toBeNull();
  });
});

describe("deciding", () => {
  test("who may do what: the matrix", async () => {
    const answers: Record<string, readonly number[]> = {};
    for (const [who, headers] of [...Object.entries(as), ["admin", admin] as const]) {
      const row: number[] = [];
      for (const path of ["approve", "deny", "withdraw", "break-glass"]) {
        const { id } = await hold();
        row.push(
          (await post(headers, `/reviews/${id}/${path}`, path === "withdraw" ? undefined : { reason: "x" })).status,
        );
        await api.deps.reviews.withdraw(id, subjects.ada).catch(() => {});
      }
      answers[who] = row;
    }
    expect(answers).toEqual({
      ada: [403, 403, 200, 403],
      rick: [200, 200, 403, 403],
      rita: [200, 200, 403, 403],
      dan: [200, 200, 403, 403],
      sally: [404, 404, 404, 404],
      audrey: [403, 403, 403, 403],
      // An admin is no reviewer by being one.
      admin: [403, 403, 403, 403],
    });
  });

  test("a reviewer who was disabled can do nothing, and their approval counts no more", async () => {
    const needs = request().terms[0]!;
    const two = await hold({ terms: [{ ...needs, approvals: [{ count: 2, groups: ["dba"] }] }] });
    expect((await post(as.dan, `/reviews/${two.id}/approve`)).body.missing).toBe("1 more approval from dba");
    await call(api.app, "PATCH", "/api/v1/users/dan", { disabled: true }, admin);
    expect((await post(as.dan, `/reviews/${two.id}/deny`)).status).toBe(401);
    const after = await post(as.rick, `/reviews/${two.id}/approve`);
    expect(after.body).toMatchObject({ state: "pending", missing: "1 more approval from dba" });
    expect(after.body.decisions.map(({ by, counts }) => [by.name, counts])).toEqual([
      ["dan", false],
      ["rick", true],
    ]);
    expect((await post(as.rita, `/reviews/${two.id}/approve`)).body.state).toBe("approved");
  });

  test("a reviewer who is moved out of the group while the approval waits to be used", async () => {
    const { id, digest } = await hold();
    expect((await post(as.rita, `/reviews/${id}/approve`)).body.state).toBe("approved");
    await call(api.app, "PATCH", "/api/v1/users/rita", { groups: ["engineers"] }, admin);
    expect(await api.deps.reviews.desk.consume(id, digest)).toBe(false);
    await call(api.app, "PATCH", "/api/v1/users/rita", { groups: [...people.rita] }, admin);
  });

  test("the inbox counts, and empties as one decides; pages go through all", async () => {
    const ids = [await hold(), await hold(), await hold()].map(({ id }) => id);
    const { body: count } = await get<{ toDecide: number }>(as.rick, "/reviews/count");
    expect(count.toDecide).toBeGreaterThanOrEqual(3);
    const found: string[] = [];
    for (let after = ""; ; ) {
      const { body } = await get<Page>(as.rick, `/reviews?limit=2${after}`);
      found.push(...body.items.map((one) => one.id));
      if (body.next === null) break;
      after = `&after=${encodeURIComponent(body.next)}`;
    }
    expect(found).toHaveLength(count.toDecide);
    expect(new Set(found)).toEqual(new Set([...found, ...ids]));
    await post(as.rick, `/reviews/${ids[0]}/approve`);
    expect((await get<{ toDecide: number }>(as.rick, "/reviews/count")).body.toDecide).toBe(count.toDecide - 1);
    expect((await get<Page>(as.ada, "/reviews?view=mine&state=approved")).body.items.map((one) => one.id)).toContain(
      ids[0],
    );
  });

  test("comments are seen by the others; empty and endless ones are refused", async () => {
    const { id } = await hold();
    expect((await post(as.rick, `/reviews/${id}/comments`, { text: "which ticket?" })).status).toBe(201);
    expect((await post(as.ada, `/reviews/${id}/comments`, { text: " " })).status).toBe(400);
    expect((await post(as.ada, `/reviews/${id}/comments`, { text: "x".repeat(5_000) })).status).toBe(400);
    const { body } = await get<{ comments: readonly { text: string; by: { name: string } }[] }>(
      as.ada,
      `/reviews/${id}`,
    );
    expect(body.comments).toMatchObject([{ n: 1, text: "which ticket?", by: { name: "rick" } }]);
  });

  test("a watch answers when the review changes, and when the time is up", async () => {
    const { id } = await hold();
    const { version } = (await get(as.ada, `/reviews/${id}`)).body;
    const watch = (wait: number) =>
      get<{ changed: boolean; state: string }>(as.ada, `/reviews/${id}/watch?version=${version}&wait=${wait}`);
    expect((await watch(0)).body).toMatchObject({ changed: false, state: "pending" });
    const waiting = watch(20);
    await post(as.rick, `/reviews/${id}/approve`);
    expect((await waiting).body).toMatchObject({ changed: true, state: "approved" });
    expect((await watch(20)).body.changed).toBe(true);
  });

  test("nothing is decided while nothing can be recorded", async () => {
    const { id } = await hold();
    api.recorder.full = true;
    try {
      expect((await post(as.rick, `/reviews/${id}/approve`)).status).toBe(503);
      await expect(hold()).rejects.toMatchObject({ code: "unavailable" });
    } finally {
      api.recorder.full = false;
    }
    expect((await get(as.rick, `/reviews/${id}`)).body.state).toBe("pending");
  });

  test("a browser's cookie needs its CSRF token", async () => {
    const { id } = await hold();
    const login = await call(
      api.app,
      "POST",
      "/api/v1/login",
      { name: "rick", password, as: "browser" },
      { host: "hoop.test" },
    );
    const cookie = String(login.headers["set-cookie"]).split(";", 1)[0]!;
    const headers = { cookie, host: "hoop.test", origin: "http://hoop.test" };
    expect((await post(headers, `/reviews/${id}/approve`)).status).toBe(403);
    expect((await get(as.rick, `/reviews/${id}`)).body.state).toBe("pending");
  });
});

describe("time-boxed access", () => {
  const wish = {
    connections: ["pg-secret"],
    effects: ["read"],
    durationMs: 3_600_000,
    ticket: "X-7",
    reason: "an outage",
  };

  test("options name what may be asked for, and a wish beyond them is refused alike whether the connection is there", async () => {
    const { body } = await get<{ items: readonly object[] }>(as.ada, "/access-requests/options");
    expect(body.items).toEqual([
      {
        connection: "pg-secret",
        protocol: "postgres",
        labels: { env: "prod" },
        effects: ["read", "write"],
        maxMs: 8 * 3_600_000,
        usable: false,
      },
    ]);
    expect((await get<{ items: readonly object[] }>(as.audrey, "/access-requests/options")).body.items).toEqual([]);
    const [other, none] = await Promise.all(
      ["pg-other", "pg-nothing"].map((name) => post(as.ada, "/access-requests", { ...wish, connections: [name] })),
    );
    expect(other!.status).toBe(403);
    expect(JSON.stringify(other!.body).replaceAll("pg-other", "")).toBe(
      JSON.stringify(none!.body).replaceAll("pg-nothing", ""),
    );
    expect((await post(as.ada, "/access-requests", { ...wish, effects: ["destroy"] })).status).toBe(403);
    expect((await post(as.ada, "/access-requests", { ...wish, durationMs: 9 * 3_600_000 })).status).toBe(400);
  });

  test("policy reads an approved wish as one more rule until it is revoked, and the connection is offered meanwhile", async () => {
    const pg = api.deps.connections.get("pg-secret");
    const may = () => api.deps.mayConnect(subjects.ada, pg);
    expect(may()).toBe(false);
    const asked = await post(as.ada, "/access-requests", wish);
    expect(asked.status).toBe(201);
    expect((await post(as.ada, `/reviews/${asked.body.id}/approve`)).status).toBe(403);
    expect((await post(as.rick, `/reviews/${asked.body.id}/approve`)).body.state).toBe("approved");
    await expect.poll(may).toBe(true);
    const mine = await get<{ items: readonly { id: string; ticket: string }[] }>(as.ada, "/grants?live=true");
    expect(mine.body.items).toMatchObject([
      { id: asked.body.id, ticket: "X-7", connections: ["pg-secret"], ended: null },
    ]);
    expect((await get<Page>(as.sally, "/grants")).body.items).toEqual([]);
    expect((await get(as.sally, "/grants?view=all")).status).toBe(403);
    expect((await get<Page>(as.audrey, "/grants?view=all&live=true")).body.items).toHaveLength(1);

    const end = (who: Record<string, string>) =>
      call(api.app, "DELETE", `/api/v1/grants/${asked.body.id}`, undefined, who);
    expect((await end(as.sally)).status).toBe(404);
    expect((await end(as.audrey)).status).toBe(404);
    expect((await end(as.rick)).status).toBe(204);
    await expect.poll(may).toBe(false);
    expect((await end(as.rick)).status).toBe(409);
    expect((await get<Page>(as.ada, "/grants?live=true")).body.items).toEqual([]);
  });
});
