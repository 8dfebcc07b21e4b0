import { readFileSync } from "node:fs";
import { join } from "node:path";
import pg from "pg";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { until } from "../support/clients.js";
import { allowAll, type RunningHoop, startHoop } from "../support/hoop.js";
import { type PostgresServer, startPostgres } from "../support/postgres.js";
import { SoftAuthenticator } from "../support/soft-authenticator.js";

const policy = `${allowAll}---
apiVersion: hoop/v1
kind: guard
metadata: { name: fresh }
spec:
  on: statements
  when: { effects: { any: [write] } }
  action: challenge
  challenge: { fresh: 1s, expires: 5m }
`;

interface Answered {
  readonly status: number;
  readonly body: Record<string, unknown>;
}

/** A statement that waits for its subject's passkey, and what its notice asks for. */
interface Asked {
  readonly client: pg.Client;
  readonly challenge: string;
  readonly end: Promise<string>;
}

/** What a passkey signed for one question, taken down by somebody on the way, is good for nothing else. */
describe("a passkey's answer to a question of a rule, given again", () => {
  let target: PostgresServer;
  let hoop: RunningHoop;
  let site = "";
  let ada = "";
  let eve = "";
  let key: SoftAuthenticator;
  let eveKey: SoftAuthenticator;
  let count = 0;

  beforeAll(async () => {
    target = await startPostgres({ version: 15, sql: "create table t (a int)" });
    hoop = await startHoop({ target, policy });
    // Passkeys belong to a name, never to an address.
    site = hoop.http.replace("127.0.0.1", "localhost");
    ada = await signIn("ada", hoop.password);
    const admin = await signIn("admin", readFileSync(join(hoop.folder, "password"), "utf8"));
    const password = "correct horse battery";
    await call(admin, "POST", "/users", { name: "eve", groups: ["engineers"], password });
    eve = await signIn("eve", password);
    key = await enrol(ada);
    eveKey = await enrol(eve);
  });
  afterAll(async () => {
    await hoop?.stop();
    await target?.stop();
  });

  async function call(token: string | null, method: string, path: string, body?: unknown): Promise<Answered> {
    const answer = await fetch(`${site}/api/v1${path}`, {
      method,
      headers: {
        ...(token === null ? {} : { authorization: `Bearer ${token}` }),
        ...(body === undefined ? {} : { "content-type": "application/json" }),
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    const text = await answer.text();
    return { status: answer.status, body: text === "" ? {} : (JSON.parse(text) as Record<string, unknown>) };
  }
  async function signIn(name: string, password: string): Promise<string> {
    const { status, body } = await call(null, "POST", "/login", { name, password });
    if (status !== 200) throw new Error(`signing in as ${name} answered ${status}: ${JSON.stringify(body)}`);
    return String(body.accessToken);
  }
  async function enrol(token: string): Promise<SoftAuthenticator> {
    const made = new SoftAuthenticator(site);
    const options = await call(token, "POST", "/me/factors/passkeys/options");
    const passkey = made.create(options.body as never);
    const added = await call(token, "POST", "/me/factors/passkeys", { name: "Laptop", passkey });
    if (added.status !== 200)
      throw new Error(`adding a passkey answered ${added.status}: ${JSON.stringify(added.body)}`);
    return made;
  }

  const rows = async (): Promise<number> => (await target.query("select count(*)::int as n from t")).rows[0].n;
  const options = async (token: string, challenge: string) =>
    (await call(token, "POST", "/me/step-up/options", { challenge })).body as never;
  const answer = (token: string, challenge: string, passkey: unknown) =>
    call(token, "POST", "/me/step-up", { challenge, answer: { passkey } });
  const state = async (challenge: string) => (await call(ada, "GET", `/me/step-up/${challenge}`)).body.state;

  async function ask(): Promise<Asked> {
    // The answer before must be too old for this one: the rule wants it of the last second.
    await new Promise((resolve) => setTimeout(resolve, 1_100));
    const client = new pg.Client({ host: hoop.host, port: hoop.port, user: "x", database: "app" });
    client.on("error", () => {});
    const notices: string[] = [];
    client.on("notice", ({ message }) => notices.push(message ?? ""));
    await client.connect();
    const end = client.query(`insert into t values (${++count})`).then(
      () => "ran",
      ({ message }: Error) => message,
    );
    const challenge = await until("the notice", () => /hoop mfa ([^"]+)"/.exec(notices.join("\n"))?.[1]);
    return { client, challenge, end };
  }

  it("is refused a second time: for the same question, for the next one, and in another login", async () => {
    const first = await ask();
    const before = await rows();
    const assertion = key.get(await options(ada, first.challenge));
    // A thief's own login of the same person does not even get the first use of it.
    const other = await stolenLogin();
    expect((await answer(other, first.challenge, assertion)).status).toBe(403);
    expect(await state(first.challenge)).toBe("pending");
    expect(await rows()).toBe(before);
    // Tried once it is spent, wherever that was: its owner signs anew.
    expect((await answer(ada, first.challenge, assertion)).status).toBe(403);
    expect((await answer(ada, first.challenge, key.get(await options(ada, first.challenge)))).status).toBe(200);
    expect(await first.end).toBe("ran");
    expect((await answer(ada, first.challenge, assertion)).status).toBeGreaterThanOrEqual(403);
    await first.client.end();

    const second = await ask();
    expect(second.challenge).not.toBe(first.challenge);
    expect((await answer(ada, second.challenge, assertion)).status).toBe(403);
    expect(await state(second.challenge)).toBe("pending");
    expect(await rows()).toBe(before + 1);
    const good = key.get(await options(ada, second.challenge));
    expect((await answer(ada, second.challenge, good)).status).toBe(200);
    expect(await second.end).toBe("ran");
    expect((await answer(ada, second.challenge, good)).status).toBe(409);
    await second.client.end();
  });

  it("given twice at the same moment counts once", async () => {
    const { challenge, end, client } = await ask();
    const assertion = key.get(await options(ada, challenge));
    const both = await Promise.all([answer(ada, challenge, assertion), answer(ada, challenge, assertion)]);
    expect(both.filter(({ status }) => status === 200)).toHaveLength(1);
    expect(both.filter(({ status }) => status === 403 || status === 409)).toHaveLength(1);
    expect(await end).toBe("ran");
    await client.end();
  });

  it("made for one question is refused for another that waits at the same time", async () => {
    const [one, other] = [await ask(), await ask()];
    expect((await answer(ada, other.challenge, key.get(await options(ada, one.challenge)))).status).toBe(403);
    expect([await state(one.challenge), await state(other.challenge)]).toEqual(["pending", "pending"]);
    // Made for signing in, or for the account itself: neither.
    const signing = (await call(null, "POST", "/login/passkey/options")).body as never;
    expect((await answer(ada, one.challenge, key.get(signing))).status).toBe(403);
    const account = (await call(ada, "POST", "/me/step-up/options", {})).body as never;
    expect((await answer(ada, one.challenge, key.get(account))).status).toBe(403);
    expect([await state(one.challenge), await state(other.challenge)]).toEqual(["pending", "pending"]);
    for (const { client } of [one, other]) client.connection.stream.destroy();
  });

  it("is refused from another person, whose question and whose key it is not", async () => {
    const before = await rows();
    const { challenge, client } = await ask();
    const assertion = key.get(await options(ada, challenge));
    // For them the question is not there at all, in the words of one that never was.
    const theirs = await answer(eve, challenge, assertion);
    const none = await answer(eve, "BCDFG-HJKLM", assertion);
    expect(theirs.status).toBe(404);
    expect(theirs.body.message).toBe(none.body.message);
    expect((await call(eve, "POST", "/me/step-up/options", { challenge })).status).toBe(404);
    // Their own key answers nobody else's question, in whoever's login.
    expect((await answer(ada, challenge, eveKey.get(await options(ada, challenge)))).status).toBe(403);
    // Nor is what Ada's key signed good for Eve's own account.
    expect((await call(eve, "POST", "/me/step-up", { answer: { passkey: assertion } })).status).toBe(403);
    expect(await state(challenge)).toBe("pending");
    expect(await rows()).toBe(before);
    client.connection.stream.destroy();
  });

  it("a refusal is written down under the name that it was tried with", async () => {
    const report = await hoop.verifyAudit();
    expect(report.split("\n").filter((line) => line.includes("step-up.failed")).length).toBeGreaterThanOrEqual(4);
  });

  /** Somebody else's browser, signed in as Ada with her passkey. */
  async function stolenLogin(): Promise<string> {
    const signing = (await call(null, "POST", "/login/passkey/options")).body as never;
    const { status, body } = await call(null, "POST", "/login/passkey", { passkey: key.get(signing) });
    if (status !== 200) throw new Error(JSON.stringify(body));
    return String(body.accessToken);
  }
});
