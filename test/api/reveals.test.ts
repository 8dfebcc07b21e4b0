import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import type { App } from "../../src/api/index.js";
import { tokenizeText } from "../../src/masking/index.js";
import { bearer, type Called, password, setUp, signIn, startTestApi, type TestApi } from "./support.js";

const people = { otto: ["fraud"], olga: ["fraud"], petra: ["privacy"], audrey: ["auditors"], eve: ["sales"] } as const;
type Name = keyof typeof people;

const policy = (approvers: string) => `
apiVersion: hoop/v1
kind: mask
metadata: { name: tokens }
spec:
  columns: [customers.card]
  mask: { method: tokenize, purpose: analytics, as: card }
---
apiVersion: hoop/v1
kind: mask
metadata: { name: token-names }
spec:
  columns: [customers.name, customers.id]
  mask: { method: tokenize, purpose: analytics }
---
apiVersion: hoop/v1
kind: mask
metadata: { name: token-addresses }
spec:
  columns: [customers.email]
  mask: { method: tokenize, purpose: mailing, as: email }
---
apiVersion: hoop/v1
kind: request
metadata: { name: fraud-desk-may-ask }
spec:
  who: { group: fraud }
  reveal: [analytics, mailing]
  approve: { approvals: [{ groups: [${approvers}] }] }
`;

/** The masking key of the API under test. */
const key = Buffer.alloc(32, 7);
const canary = "4111 1111 1111 1111";
const cardToken = (value: string) => tokenizeText({ method: "tokenize", purpose: "analytics", as: "card" }, value, key);

interface Shown {
  readonly id: string;
  readonly kind: string;
  readonly state: string;
  readonly missing: string;
  readonly preview: string;
  readonly code?: string;
  readonly detail?: string;
  readonly value?: string;
  readonly reveal?: Readonly<Record<string, string | null>>;
}

let calls = 0;
/** An address a call: limits of rate are not what is asked here. */
async function call<T>(
  app: App,
  method: "GET" | "POST",
  url: string,
  body: object | undefined,
  headers: Record<string, string>,
): Promise<Called<T>> {
  const remoteAddress = `192.0.2.${calls++ % 250}`;
  const payload = body === undefined ? {} : { payload: body };
  const response = await app.inject({ method, url, headers, remoteAddress, ...payload });
  return { status: response.statusCode, body: JSON.parse(response.body) as T, headers: response.headers };
}

let api: TestApi;
let admin: Record<string, string>;
const as = {} as Record<Name, Record<string, string>>;

beforeAll(async () => {
  api = await startTestApi();
  admin = await setUp(api);
  for (const name of ["fraud", "privacy", "sales", "lawyers"])
    await call(api.app, "POST", "/api/v1/groups", { name }, admin);
  for (const [name, groups] of Object.entries(people) as [Name, readonly string[]][]) {
    await call(api.app, "POST", "/api/v1/users", { name, password, groups }, admin);
    as[name] = bearer(await signIn(api.app, name));
  }
  await apply("privacy");
});
afterAll(() => api.close());

async function apply(approvers: string): Promise<void> {
  const { source } = api.deps.policy;
  const before = source.current().version;
  const applied = await call(api.app, "POST", "/api/v1/policy/apply", { text: policy(approvers), prune: true }, admin);
  expect(applied.status, JSON.stringify(applied.body)).toBe(200);
  // A change takes effect when the feed has told of it.
  await vi.waitFor(() => expect(source.current().version).not.toBe(before), { timeout: 20_000, interval: 10 });
}

let reasons = 0;
const ask = (who: Name, more: object = {}) =>
  call<Shown>(
    api.app,
    "POST",
    "/api/v1/reveals",
    { token: cardToken(canary), purpose: "analytics", column: "customers.card", because: `case ${reasons++}`, ...more },
    as[who],
  );
const open = (who: Name, id: string, app = api.app) =>
  call<Shown>(app, "POST", `/api/v1/reveals/${id}/value`, undefined, as[who]);
const approve = (id: string) => call<Shown>(api.app, "POST", `/api/v1/reviews/${id}/approve`, {}, as.petra);
const told = (what: string) =>
  api.recorder.entries.filter((entry) => entry.kind === "change" && entry.what === what) as unknown as readonly {
    readonly target: string;
    readonly actor: { readonly name: string };
    readonly after: Readonly<Record<string, unknown>>;
  }[];

describe("the value behind a token", () => {
  test("is shown once, to who asked, after it was approved, and recorded without the value", async () => {
    const asked = await ask("otto");
    expect(asked.status, JSON.stringify(asked.body)).toBe(201);
    const { id } = asked.body;
    expect(asked.body).toMatchObject({ kind: "reveal", state: "pending", missing: "1 approval from privacy" });
    expect(asked.body.preview).toBe("the value behind a token of the purpose analytics (customers.card)");
    expect(await open("otto", id)).toMatchObject({ status: 412 });

    const seen = await call<Shown>(api.app, "GET", `/api/v1/reviews/${id}`, undefined, as.petra);
    expect(seen.body.reveal).toMatchObject({
      purpose: "analytics",
      form: "card",
      column: "customers.card",
      token: cardToken(canary),
    });
    expect(JSON.stringify(seen.body)).not.toContain("4111");
    const audited = await call<Shown>(api.app, "GET", `/api/v1/reviews/${id}`, undefined, as.audrey);
    expect(audited.body.reveal).toMatchObject({ purpose: "analytics", token: null });

    expect(await approve(id)).toMatchObject({ status: 200, body: { state: "approved" } });
    // Who approved, who else may ask, who audits: none of them sees it.
    expect(await open("petra", id)).toMatchObject({ status: 403 });
    expect(await open("olga", id)).toMatchObject({ status: 404 });
    expect(await open("audrey", id)).toMatchObject({ status: 404 });
    const shown = await open("otto", id);
    expect(shown).toMatchObject({ status: 200, body: { value: canary } });
    expect(shown.headers["cache-control"]).toBe("no-store");
    expect(await open("otto", id)).toMatchObject({ status: 409 });

    const entry = told("token.revealed").find(({ target }) => target === id)!;
    expect(entry.actor.name).toBe("otto");
    expect(entry.after).toEqual({
      purpose: "analytics",
      column: "customers.card",
      form: "card",
      token: cardToken(canary),
    });
    expect(told("review.used").find(({ target }) => target === id)!.after).toMatchObject({ purpose: "analytics" });
  });

  test("is shown to exactly one of many that ask at the same moment, on two replicas", async () => {
    const { id } = (await ask("otto")).body;
    await approve(id);
    const other = await api.open("00000000-0000-4000-8000-000000000002");
    try {
      const answers = await Promise.all(
        Array.from({ length: 12 }, (_, i) => open("otto", id, i % 2 === 0 ? api.app : other.app)),
      );
      expect(answers.filter(({ status }) => status === 200)).toHaveLength(1);
      expect(answers.every(({ status }) => [200, 403, 409].includes(status))).toBe(true);
      expect(told("token.revealed").filter(({ target }) => target === id)).toHaveLength(1);
    } finally {
      await other.close();
    }
  });

  test("is the same request when it is asked again with the same words, and another otherwise", async () => {
    const first = (await ask("otto", { because: "the same" })).body;
    expect((await ask("otto", { because: "the same" })).body.id).toBe(first.id);
    expect((await ask("olga", { because: "the same" })).body.id).not.toBe(first.id);
    expect((await ask("otto", { because: "something else" })).body.id).not.toBe(first.id);
    expect((await ask("otto", { because: "the same", token: cardToken("5555 5555 5555 4444") })).body.id).not.toBe(
      first.id,
    );
  });

  test("nobody is bothered with what cannot be turned back, and nobody learns of it who may not ask", async () => {
    const before = told("review.requested").length;
    const hashed = "9f86d081884c7d65";
    const email = tokenizeText({ method: "tokenize", purpose: "mailing", as: "email" }, "a@b.example", key);
    for (const [more, status] of [
      [{ token: hashed, column: "customers.name" }, 501],
      [{ token: email, purpose: "mailing", column: null }, 501],
      [{ token: "ab1", column: "customers.name" }, 501],
      [{ column: "customers.notes" }, 501],
      [{ column: null }, 400],
      [{ as: "integer", token: "not a number" }, 501],
      [{ as: "email" }, 400],
      [{ token: "" }, 400],
      [{ because: "  " }, 400],
    ] as const)
      expect((await ask("otto", more)).status, JSON.stringify(more)).toBe(status);
    for (const more of [{}, { token: hashed }, { purpose: "no-such-purpose" }, { column: "customers.notes" }]) {
      const refused = await ask("eve", more);
      expect(refused.status).toBe(403);
    }
    expect(await ask("petra")).toMatchObject({ status: 403 });
    expect(told("review.requested")).toHaveLength(before);
  });

  test("is not shown after a denial, nor under rules that ask for something else by now", async () => {
    const denied = (await ask("otto")).body.id;
    await approve(denied);
    await call(api.app, "POST", `/api/v1/reviews/${denied}/deny`, { reason: "no" }, as.petra);
    expect(await open("otto", denied)).toMatchObject({ status: 409 });

    const { id } = (await ask("otto")).body;
    await approve(id);
    await apply("lawyers");
    try {
      expect(await open("otto", id)).toMatchObject({ status: 403 });
      expect(told("token.reveal-refused").some(({ target }) => target === id)).toBe(true);
    } finally {
      await apply("privacy");
    }
    expect(await open("otto", id)).toMatchObject({ status: 200 });
  });

  test("is not shown while it cannot be recorded, and the approval is kept", async () => {
    const { id } = (await ask("otto")).body;
    await approve(id);
    api.recorder.full = true;
    try {
      expect((await open("otto", id)).status).toBeGreaterThanOrEqual(400);
    } finally {
      api.recorder.full = false;
    }
    expect(await open("otto", id)).toMatchObject({ status: 200, body: { value: canary } });
  });

  test("is in no table, and in nothing that is recorded", async () => {
    const { rows } = await tables();
    for (const value of [canary, canary.replaceAll(" ", "")]) {
      expect(rows).not.toContain(value);
      expect(rows).not.toContain(Buffer.from(value).toString("hex"));
      expect(JSON.stringify(api.recorder.entries)).not.toContain(value);
    }
    // Tokens lie sealed as well: the tables tell who asked, and not after what.
    expect(rows).not.toContain(cardToken(canary));
    expect(rows).toContain("otto");
  });
});

/** Every row of every table, as text. */
async function tables(): Promise<{ readonly rows: string }> {
  const { sql } = await import("kysely");
  const { rows: names } = await sql<{
    name: string;
  }>`select quote_ident(table_name) as name from information_schema.tables
    where table_schema = current_schema()`.execute(api.store.db);
  const all: string[] = [];
  for (const { name } of names) {
    const { rows } = await sql<{ row: string }>`select t::text as row from ${sql.raw(name)} t`.execute(api.store.db);
    all.push(...rows.map(({ row }) => row));
  }
  return { rows: all.join("\n") };
}
