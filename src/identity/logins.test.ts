import { randomUUID } from "node:crypto";
import { expect, test } from "vitest";
import { type SubjectId, subjectId } from "../vocabulary/index.js";
import { createLocalAttempts } from "./attempts.js";
import { defaultLifetimes } from "./identity.js";
import { createLogins } from "./logins.js";
import { createPasswordGate } from "./password-gate.js";
import type { Passwords } from "./passwords.js";
import { createSlowDown } from "./slow-down.js";
import type { IdentityStore, StoredSubject } from "./store.js";

/** The first half of signing in, on a store in memory, with every piece of work counted. */
function counted() {
  const ada: StoredSubject = {
    id: subjectId(randomUUID()),
    kind: "person",
    name: "ada",
    email: null,
    groups: [],
    disabled: false,
    createdAt: new Date(0),
    version: 1,
    passwordHash: "hash of right",
  };
  const known = new Set<string>();
  const work = { hashes: 0, subjects: 0, networks: 0 };
  const waits: number[] = [];
  const store = {
    subject: async ({ name }: { name: string }) => {
      work.subjects += 1;
      return name === "ada" ? ada : null;
    },
    knowsNetwork: async (name: string, network: string) => {
      work.networks += 1;
      return known.has(`${name} ${network}`);
    },
    rememberNetwork: async (_id: SubjectId, network: string) => void known.add(`ada ${network}`),
    createLogin: async () => {},
  } as unknown as IdentityStore;
  const passwords: Passwords = {
    hash: async () => "",
    verify: async (stored, password) => {
      work.hashes += 1;
      return stored === `hash of ${password}`;
    },
  };
  const logins = createLogins({
    store: {
      ...store,
      subject: async (by: { id?: SubjectId; name?: string }) => (by.id ? ada : store.subject(by as never)),
    } as IdentityStore,
    passwords,
    lifetimes: defaultLifetimes,
    owesFactor: async () => false,
    now: Date.now,
    gate: createPasswordGate(
      createLocalAttempts({ slowDown: createSlowDown({ free: 20, wait: async (ms) => void waits.push(ms) }) }),
    ),
  });
  const knock = (name: string, password: string, address: string) =>
    logins.checkPassword(name, password, address).then(
      () => "right",
      (error: { code: string; message: string }) => `${error.code}: ${error.message}`,
    );
  return { ada, logins, work, waits, knock };
}

/** Networks of a botnet, each below its own limit. */
const networks = (count: number) => Array.from({ length: count }, (_, n) => `198.51.${n >> 8}.${n & 255}`);

test("a name that is nobody's costs the same work and reads the same", async () => {
  const one = counted();
  const answers: string[] = [];
  const costs: string[] = [];
  for (const name of ["ada", "nobody.at.all", "no name: at all!", "a".repeat(200)]) {
    const before = { ...one.work };
    answers.push(await one.knock(name, "wrong", "192.0.2.1"));
    costs.push(
      JSON.stringify(
        Object.entries(one.work).map(([what, count]) => [what, count - before[what as keyof typeof before]]),
      ),
    );
  }
  expect(new Set(answers).size).toBe(1);
  expect(new Set(costs).size).toBe(1);
  expect(one.work.hashes).toBe(4);
});

test("a known and an unknown name are slowed alike", async () => {
  const told: string[][] = [];
  for (const name of ["ada", "nobody"]) {
    const one = counted();
    const answers: string[] = [];
    for (const network of networks(40)) answers.push(await one.knock(name, "wrong", network));
    for (let n = 0; n < 8; n++) answers.push(await one.knock(name, "wrong", "192.0.2.1"));
    told.push([...answers, ...one.waits.map(String)]);
  }
  expect(told[0]).toEqual(told[1]);
  expect(told[0]!.some((answer) => answer.startsWith("limited"))).toBe(true);
});

test("guessing from everywhere is slowed but locks nobody out: the right password still comes through", async () => {
  const { knock, waits } = counted();
  for (const network of networks(300)) await knock("ada", "wrong", network);
  expect(waits.filter((ms) => ms === 2_000).length).toBeGreaterThan(250);
  expect(await knock("ada", "right", "203.0.113.9")).toBe("right");
});

test("whoever signed in from a network before does not wait behind strangers", async () => {
  const { knock, waits, logins, ada } = counted();
  await logins.issue(ada.id, { client: "t", address: "203.0.113.7" }, { provedBy: "password", withFactor: false });
  for (const network of networks(100)) await knock("ada", "wrong", network);
  const before = waits.length;
  expect(await knock("ada", "right", "203.0.113.7")).toBe("right");
  expect(waits.length).toBe(before);
});

test("a network that others vouched for is not known", async () => {
  const { knock, waits, logins, ada } = counted();
  await logins.issue(ada.id, { client: "t", address: "203.0.113.7" }, { provedBy: null, withFactor: true });
  for (const network of networks(100)) await knock("ada", "wrong", network);
  const before = waits.length;
  await knock("ada", "right", "203.0.113.7");
  expect(waits.length).toBe(before + 1);
});

test("no hashing is done for who has to wait", async () => {
  const { knock, work } = counted();
  for (let n = 0; n < 50; n++) await knock("ada", "wrong", "192.0.2.1");
  expect(work.hashes).toBe(5);
});
