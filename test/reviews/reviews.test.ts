import { setTimeout as sleep } from "node:timers/promises";
import pg from "pg";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import type { ReviewState } from "../../src/reviews/index.js";
import { reviewLimits } from "../../src/reviews/index.js";
import { createReviewStore } from "../../src/storage/reviews.js";
import { ruleId } from "../../src/vocabulary/index.js";
import {
  codeOf,
  digestOf,
  held,
  type Replica,
  type ReviewBench,
  startReviewBench,
  pg as target,
  terms,
} from "./support.js";

let bench: ReviewBench;
let one: Replica;
let two: Replica;
const everybody = () => [...bench.people.values()];

beforeAll(async () => {
  bench = await startReviewBench();
  one = await bench.replica();
  two = await bench.replica();
});
afterAll(() => bench.close());
afterEach(() => bench.people.clear());

/** Collects what a waiting client hears. */
function ear() {
  const heard: ReviewState[] = [];
  return { heard, changed: (state: ReviewState) => void heard.push(state) };
}
const whatHappened = (replica: Replica, id: string) =>
  replica.entries.filter((entry) => entry.target === id).map((entry) => entry.what);

describe("a held statement", () => {
  test("waits, hears of the approval that another replica took, and may be used exactly once", async () => {
    const [ada, bob] = [bench.add("ada"), bench.add("bob", "dba")];
    const client = ear();
    const request = held(ada, "delete from t where id = 1");
    const place = await one.reviews.desk.hold(request, client.changed);
    expect(client.heard).toEqual([]);
    expect(place.link).toBe(`https://hoop.example.com/reviews/${place.id}`);
    await expect.poll(() => client.heard).toEqual([{ state: "pending", missing: "1 approval from dba" }]);
    expect(await one.reviews.desk.consume(place.id, request.digest)).toBe(false);

    await two.reviews.decide(place.id, "approve", bob, null);
    await expect.poll(() => client.heard.at(-1)?.state, { interval: 5 }).toBe("approved");
    expect(client.heard.at(-1)).toMatchObject({ by: ["bob"], breakGlass: false });

    expect(await two.reviews.desk.consume(place.id, digestOf("delete from t"))).toBe(false);
    expect(await two.reviews.desk.consume(place.id, request.digest)).toBe(true);
    expect(await one.reviews.desk.consume(place.id, request.digest)).toBe(false);
    expect(whatHappened(one, place.id)).toEqual(["review.requested"]);
    expect(whatHappened(two, place.id)).toEqual(["review.approved", "review.used"]);
  });

  test("a hundred that use one approval at the same moment: exactly one may", async () => {
    const [ada, bob] = [bench.add("ada"), bench.add("bob", "dba")];
    const request = held(ada, "delete from t where id = 2");
    const { id } = await one.reviews.desk.hold(request, () => {});
    await one.reviews.decide(id, "approve", bob, null);
    const answers = await Promise.all(
      Array.from({ length: 100 }, (_, i) => (i % 2 ? one : two).reviews.desk.consume(id, request.digest)),
    );
    expect(answers.filter(Boolean)).toHaveLength(1);
    expect([...whatHappened(one, id), ...whatHappened(two, id)].filter((what) => what === "review.used")).toHaveLength(
      1,
    );
  });

  test("an approval by somebody who was disabled, or lost the group, counts no more when it is used", async () => {
    for (const lose of ["disabled", "moved"] as const) {
      const [ada, bob] = [bench.add("ada"), bench.add("bob", "dba")];
      const request = held(ada, `delete from t where why = '${lose}'`);
      const { id } = await one.reviews.desk.hold(request, () => {});
      await two.reviews.decide(id, "approve", bob, null);
      if (lose === "disabled") bench.people.delete(bob.id);
      else bench.people.set(bob.id, { ...bob, groups: [] });
      expect(await one.reviews.desk.consume(id, request.digest)).toBe(false);
      const { review } = await one.reviews.view(id, ada, false);
      expect(review).toMatchObject({ state: "expired", ending: { why: "lapsed" } });
    }
  });

  test("a token that still says dba does not help who was moved out of it", async () => {
    const [ada, bob] = [bench.add("ada"), bench.add("bob", "dba")];
    const { id } = await one.reviews.desk.hold(held(ada, "delete 3"), () => {});
    bench.people.set(bob.id, { ...bob, groups: [] });
    expect(await codeOf(one.reviews.decide(id, "approve", bob, null))).toBe("denied");
  });

  test("is told of a denial with reason and reviewer", async () => {
    const [ada, bob] = [bench.add("ada"), bench.add("bob", "dba")];
    const client = ear();
    const { id } = await one.reviews.desk.hold(held(ada, "delete 4"), client.changed);
    await two.reviews.decide(id, "deny", bob, "not on a Friday");
    await expect.poll(() => client.heard.at(-1)).toEqual({ state: "denied", by: "bob", reason: "not on a Friday" });
    expect(await codeOf(two.reviews.decide(id, "approve", bob, null))).toBe("conflict");
  });

  test("two who decide at the same moment: both are counted", async () => {
    const ada = bench.add("ada");
    const reviewers = ["b", "c", "d", "e"].map((name) => bench.add(name, "dba"));
    const needs = terms({ approvals: [{ count: 4, groups: ["dba"] }] });
    const { id } = await one.reviews.desk.hold(held(ada, "delete 5", { terms: [needs] }), () => {});
    await Promise.all(reviewers.map((by, i) => (i % 2 ? one : two).reviews.decide(id, "approve", by, null)));
    const { review } = await one.reviews.view(id, ada, false);
    expect(review.state).toBe("approved");
    expect(review.decisions).toHaveLength(4);
  });

  test("is withdrawn when its client leaves, and stays open for who was thrown out by a restart", async () => {
    const [ada, bob] = [bench.add("ada"), bench.add("bob", "dba")];
    const left = await one.reviews.desk.hold(held(ada, "delete 6"), () => {});
    left.leave("disconnected");
    await expect
      .poll(async () => (await one.reviews.view(left.id, ada, false)).review.ending?.why)
      .toBe("disconnected");

    const request = held(ada, "delete 7");
    const first = await one.reviews.desk.hold(request, () => {});
    first.leave("restarted");
    await two.reviews.decide(first.id, "approve", bob, null);
    const client = ear();
    const again = await two.reviews.desk.hold(held(ada, "delete 7"), client.changed);
    expect(again.id).toBe(first.id);
    await expect.poll(() => client.heard).toMatchObject([{ state: "approved", by: ["bob"] }]);
    expect(await two.reviews.desk.consume(again.id, request.digest)).toBe(true);
  });

  test("a gateway that is killed: the review stays decidable, and the retry uses its approval", async () => {
    const [ada, bob] = [bench.add("ada"), bench.add("bob", "dba")];
    const third = await bench.replica();
    const request = held(ada, "delete 8");
    const { id } = await third.reviews.desk.hold(request, () => {});
    await third.stop();
    await one.reviews.decide(id, "approve", bob, null);
    const again = await two.reviews.desk.hold(request, () => {});
    expect(again.id).toBe(id);
    expect(await two.reviews.desk.consume(id, request.digest)).toBe(true);
  });

  test("who asks for the same thing twice waits for one review; when one leaves the other still waits", async () => {
    const ada = bench.add("ada");
    const first = await one.reviews.desk.hold(held(ada, "delete 9"), () => {});
    const second = await two.reviews.desk.hold(held(ada, "delete 9"), () => {});
    expect(second.id).toBe(first.id);
    first.leave("cancelled");
    first.leave("cancelled");
    await sleep(200);
    expect((await one.reviews.view(first.id, ada, false)).review.state).toBe("pending");
    second.leave("cancelled");
    await expect.poll(async () => (await one.reviews.view(first.id, ada, false)).review.state).toBe("withdrawn");
  });

  test("an approval is for its requester and its rules only", async () => {
    const [ada, eve, bob] = [bench.add("ada"), bench.add("eve"), bench.add("bob", "dba")];
    const first = await one.reviews.desk.hold(held(ada, "delete 10"), () => {});
    await one.reviews.decide(first.id, "approve", bob, null);
    const other = await one.reviews.desk.hold(held(eve, "delete 10"), () => {});
    expect(other.id).not.toBe(first.id);
    const stricter = terms({ approvals: [{ count: 2, groups: ["dba"] }] });
    const again = await one.reviews.desk.hold(held(ada, "delete 10", { terms: [stricter] }), () => {});
    expect(again.id).not.toBe(first.id);
    expect((await one.reviews.view(first.id, ada, false)).review.ending?.why).toBe("superseded");
    expect(await one.reviews.desk.consume(first.id, digestOf("delete 10"))).toBe(false);
  });

  test("expires by the clock, undecided and unused, and says so to who waits", async () => {
    const [ada, bob] = [bench.add("ada"), bench.add("bob", "dba")];
    const client = ear();
    const brief = await one.reviews.desk.hold(
      held(ada, "delete 11", { terms: [terms({ expiresMs: 150 })] }),
      client.changed,
    );
    await expect.poll(() => client.heard.at(-1)).toEqual({ state: "expired" });
    await expect
      .poll(() => [...whatHappened(one, brief.id), ...whatHappened(two, brief.id)].sort())
      .toEqual(["review.expired", "review.requested"]);

    const request = held(ada, "delete 12", { terms: [terms({ useWithinMs: 150 })] });
    const unused = await one.reviews.desk.hold(request, () => {});
    await one.reviews.decide(unused.id, "approve", bob, null);
    await sleep(200);
    expect(await one.reviews.desk.consume(unused.id, request.digest)).toBe(false);
    await expect.poll(async () => (await one.reviews.view(unused.id, ada, false)).review.ending?.why).toBe("unused");
  });

  test("escalates by the clock, once, and lets those groups approve", async () => {
    const [ada, eve] = [bench.add("ada"), bench.add("eve", "leads")];
    const slow = terms({ escalate: { afterMs: 5_000, groups: ["leads"] } });
    const { id } = await one.reviews.desk.hold(held(ada, "delete 13", { terms: [slow] }), () => {});
    expect(await one.reviews.toDecide(eve)).toBe(0);
    expect(await codeOf(one.reviews.decide(id, "approve", eve, null))).toBe("denied");
    await expect.poll(() => one.reviews.toDecide(eve)).toBe(1);
    const told = () =>
      [...one.entries, ...two.entries].filter((entry) => entry.what === "review.escalated" && entry.target === id);
    await expect.poll(told).toHaveLength(1);
    expect(told()[0]!.after).toMatchObject({ escalatedTo: ["leads"] });
    expect((await one.reviews.decide(id, "approve", eve, null)).state).toBe("approved");
  });

  test("break-glass goes ahead at once, with its reason in the open", async () => {
    const ada = bench.add("ada", "on-call");
    const client = ear();
    const request = held(ada, "delete 14", { terms: [terms({ breakGlass: ["on-call"] })] });
    const { id } = await one.reviews.desk.hold(request, client.changed);
    expect((await one.reviews.view(id, ada, false)).can.breakGlass).toBe(true);
    expect(await codeOf(two.reviews.decide(id, "break-glass", ada, "  "))).toBe("invalid");
    await two.reviews.decide(id, "break-glass", ada, "production is down");
    await expect.poll(() => client.heard.at(-1)).toMatchObject({ state: "approved", breakGlass: true, by: ["ada"] });
    expect(await one.reviews.desk.consume(id, request.digest)).toBe(true);
    expect(two.entries.find((entry) => entry.what === "review.break-glass")?.after).toMatchObject({
      breakGlass: true,
      reason: "production is down",
    });
    expect(one.entries.find((entry) => entry.what === "review.used" && entry.target === id)?.after).toMatchObject({
      breakGlass: true,
    });
  });

  test("one subject has so many open and no more, also when they come at once", async () => {
    const ada = bench.add("ada");
    const answers = await Promise.all(
      Array.from({ length: reviewLimits.pendingPerSubject + 5 }, (_, i) =>
        codeOf((i % 2 ? one : two).reviews.desk.hold(held(ada, `many ${i}`), () => {})),
      ),
    );
    expect(answers.filter((answer) => answer === "done")).toHaveLength(reviewLimits.pendingPerSubject);
    expect(new Set(answers)).toEqual(new Set(["done", "limited"]));
  });
});

describe("what is kept", () => {
  test("no text, value, comment, reason or sample lies in the clear, and a digest cannot be guessed", async () => {
    const canary = "CANARY4711";
    const [ada, bob] = [bench.add("ada"), bench.add("bob", "dba")];
    const request = held(ada, `update t set card = '${canary}'`, {
      values: [canary],
      transaction: [`insert into t values ('${canary}')`],
      analysis: { shape: canary, effects: ["write"], resources: [], attributes: {}, unknowns: [canary] },
    });
    const { id } = await one.reviews.desk.hold(request, () => {});
    await one.reviews.comment(id, bob, `is ${canary} right?`);
    const row = { card: canary };
    expect(
      await one.reviews.desk.rehearsed(id, {
        kind: "tried",
        rows: 1,
        keys: null,
        ran: canary,
        before: [row],
        after: [row],
        triggers: [],
        cascades: [],
      }),
    ).toBeUndefined();
    await one.reviews.decide(id, "approve", bob, `because ${canary}`);

    expect(await two.reviews.rehearsal(id)).toMatchObject({ rows: 1, before: [row] });
    expect(await two.reviews.body(id)).toMatchObject({ text: request.text, values: [canary] });
    expect((await two.reviews.comments(id)).map(({ n, text }) => [n, text])).toEqual([[1, `is ${canary} right?`]]);
    expect((await two.reviews.view(id, ada, false)).review.decisions[0]?.reason).toBe(`because ${canary}`);

    const client = new pg.Client({ connectionString: bench.url });
    await client.connect();
    try {
      const tables = ["reviews", "review_bodies", "review_decisions", "review_comments", "review_rehearsals", "grants"];
      for (const table of tables) {
        const { rows } = await client.query(`select t::text as line from ${table} t`);
        const text = rows.map(({ line }) => line).join("\n");
        for (const secret of [canary, Buffer.from(canary).toString("hex"), request.digest])
          expect(text.includes(secret), `${table}: ${secret}`).toBe(false);
      }
      // A value that is moved to another review does not open.
      const other = await one.reviews.desk.hold(held(ada, "delete 20"), () => {});
      await client.query(
        "update review_bodies b set key_id = a.key_id, sealed = a.sealed from review_bodies a where a.review_id = $1 and b.review_id = $2",
        [id, other.id],
      );
      expect(await codeOf(one.reviews.body(other.id))).toBe("precondition-failed");
    } finally {
      await client.end();
    }
    expect(JSON.stringify([...one.entries, ...two.entries])).not.toContain(canary);
  });

  test("a rehearsal of what is decided already is refused; comments have their limits", async () => {
    const [ada, bob] = [bench.add("ada"), bench.add("bob", "dba")];
    const { id } = await one.reviews.desk.hold(held(ada, "delete 21"), () => {});
    await one.reviews.decide(id, "deny", bob, null);
    expect(await one.reviews.desk.rehearsed(id, { kind: "none", why: "no" })).toMatchObject({ code: "conflict" });
    expect(await codeOf(one.reviews.comment(id, bob, " "))).toBe("invalid");
    expect(await codeOf(one.reviews.comment(id, bob, "x".repeat(reviewLimits.comment + 1)))).toBe("invalid");
    await Promise.all(Array.from({ length: reviewLimits.comments }, (_, i) => one.reviews.comment(id, ada, `n ${i}`)));
    expect(await codeOf(one.reviews.comment(id, bob, "one more"))).toBe("limited");
    expect((await one.reviews.comments(id)).map(({ n }) => n)).toEqual(
      Array.from({ length: reviewLimits.comments }, (_, i) => i + 1),
    );
  });

  test("what people write reaches others without what a terminal or a wire would obey", async () => {
    const [ada, bob] = [bench.add("ada"), bench.add("bob", "dba")];
    const client = ear();
    const { id } = await one.reviews.desk.hold(held(ada, "delete 22"), client.changed);
    await one.reviews.comment(id, bob, "a\u0000b\u001b[31m\u202e");
    expect((await one.reviews.comments(id))[0]?.text).toBe("a b [31m");
    await one.reviews.decide(id, "deny", bob, "no\u0000\u0007 way");
    await expect.poll(() => client.heard.at(-1)).toMatchObject({ state: "denied", reason: "no   way" });
  });

  test("what ended long ago is removed with all that hangs on it, and nothing else", async () => {
    const [ada, bob] = [bench.add("ada"), bench.add("bob", "dba")];
    const [old, young] = [
      await one.reviews.desk.hold(held(ada, "delete 23"), () => {}),
      await one.reviews.desk.hold(held(ada, "delete 24"), () => {}),
    ];
    for (const { id } of [old, young]) await one.reviews.decide(id, "deny", bob, "no");
    const client = new pg.Client({ connectionString: bench.url });
    await client.connect();
    try {
      await client.query("update reviews set ended_at = now() - interval '91 days' where id = $1", [old.id]);
      await createReviewStore(one.store, bench.keys).sweep();
      const left = async (table: string, column: string) =>
        (await client.query(`select ${column} as id from ${table} where ${column} = any($1)`, [[old.id, young.id]]))
          .rows;
      expect(await left("reviews", "id")).toEqual([{ id: young.id }]);
      expect(await left("review_bodies", "review_id")).toEqual([{ id: young.id }]);
      expect(await left("review_decisions", "review_id")).toEqual([{ id: young.id }]);
    } finally {
      await client.end();
    }
  });

  test("long texts are cut for show and kept whole", async () => {
    const ada = bench.add("ada");
    const text = `select '${"é".repeat(100_000)}'`;
    const { id } = await one.reviews.desk.hold(held(ada, text), () => {});
    const { review } = await one.reviews.view(id, ada, false);
    expect(review.head.text).toHaveLength(reviewLimits.shownText);
    expect(review.head.textLength).toBe(text.length);
    expect((await one.reviews.body(id)).text).toBe(text);
  });
});

describe("who sees and decides", () => {
  test("lists are by who asks: their own, those to decide, and nothing of others", async () => {
    const [ada, bob, eve] = [bench.add("ada"), bench.add("bob", "dba"), bench.add("eve", "engineers")];
    const { id } = await one.reviews.desk.hold(held(ada, "delete 30"), () => {});
    const toDecide = (who: typeof ada) => ({ toDecide: { reviewer: who.id, groups: who.groups }, limit: 10 });
    expect((await one.reviews.list({ requester: ada.id, limit: 10 }, ada)).map((one) => one.review.id)).toEqual([id]);
    expect((await one.reviews.list(toDecide(bob), bob)).map((one) => one.review.id)).toContain(id);
    expect((await one.reviews.list(toDecide(eve), eve)).map((one) => one.review.id)).not.toContain(id);
    expect(await codeOf(one.reviews.view(id, eve, false))).toBe("not-found");
    expect(await codeOf(one.reviews.view(id, eve, true))).toBe("done");
    await one.reviews.decide(id, "approve", bob, null);
    expect((await one.reviews.list(toDecide(bob), bob)).map((one) => one.review.id)).not.toContain(id);
    expect(everybody()).toHaveLength(3);
  });
});

describe("time-boxed access", () => {
  const wish = {
    connections: ["pg-prod"],
    labels: {},
    effects: ["read", "write"] as const,
    ticket: "X-1",
    reason: "fix",
  };

  test("is asked for, approved, in force on every replica, and over by itself", async () => {
    const [ada, bob] = [bench.add("ada"), bench.add("bob", "dba")];
    const changed: string[] = [];
    const stop = two.reviews.grants.watch((subject) => changed.push(subject));
    const review = await one.reviews.request(ada, { ...wish, durationMs: 60_000 });
    expect(review.state).toBe("pending");
    expect(two.reviews.grants.of(ada.id)).toEqual([]);
    await one.reviews.decide(review.id, "approve", bob, null);
    await expect
      .poll(() => two.reviews.grants.of(ada.id))
      .toMatchObject([{ id: review.id, connections: [target.id], effects: ["read", "write"] }]);
    expect(changed).toEqual([ada.id]);
    expect(one.entries.find((entry) => entry.what === "grant.made")?.after).toMatchObject({
      ticket: "X-1",
      subject: "ada",
    });

    // As if the time had gone by.
    const client = new pg.Client({ connectionString: bench.url });
    await client.connect();
    await client.query("update grants set until = now() + interval '300 milliseconds' where id = $1", [review.id]);
    await client.end();
    await two.store.changes.publish("reviews");
    await expect.poll(() => two.reviews.grants.of(ada.id)).toEqual([]);
    await expect
      .poll(() => [...one.entries, ...two.entries].filter((entry) => entry.what === "grant.ended").length)
      .toBe(1);
    await expect.poll(() => changed.length).toBeGreaterThanOrEqual(2);
    stop();
  });

  test("is revoked on every replica at once, by its subject, an approver or an admin, and by nobody else", async () => {
    const [ada, bob, eve] = [bench.add("ada"), bench.add("bob", "dba"), bench.add("eve", "engineers")];
    for (const [by, all, why] of [
      [ada, false, "returned"],
      [bob, false, "revoked"],
      [eve, true, "revoked"],
    ] as const) {
      const review = await one.reviews.request(ada, { ...wish, durationMs: 60_000 });
      await one.reviews.decide(review.id, "approve", bob, null);
      await expect.poll(() => two.reviews.grants.of(ada.id)).toHaveLength(1);
      expect(await codeOf(one.reviews.endGrant(review.id, eve, false))).toBe("not-found");
      expect((await one.reviews.endGrant(review.id, by, all)).ended?.why).toBe(why);
      await expect.poll(() => two.reviews.grants.of(ada.id)).toEqual([]);
      expect(await codeOf(one.reviews.endGrant(review.id, by, all))).toBe("conflict");
    }
  });

  test("is asked for within what policy says, and not of what is not there", async () => {
    const ada = bench.add("ada");
    const ask = (more: object) => codeOf(one.reviews.request(ada, { ...wish, durationMs: 60_000, ...more }));
    expect(await ask({ durationMs: 9 * 3_600_000 })).toBe("invalid");
    expect(await ask({ durationMs: 1_000 })).toBe("invalid");
    expect(await ask({ effects: ["unknown"] })).toBe("invalid");
    expect(await ask({ effects: [] })).toBe("invalid");
    expect(await ask({ reason: " " })).toBe("invalid");
    expect(await ask({ connections: ["nope"] })).toBe("denied");
    expect(await ask({ connections: [], labels: { env: "nope" } })).toBe("denied");
    expect(await ask({ connections: [], labels: { env: "prod" } })).toBe("done");
  });

  test("where policy wants nobody to approve it begins at once; where it lets nobody ask it is refused", async () => {
    const ada = bench.add("ada");
    const free = await bench.replica({ terms: () => ({ terms: [], maxMs: 3_600_000 }) });
    const review = await free.reviews.request(ada, { ...wish, durationMs: 60_000 });
    expect(review.state).toBe("approved");
    await expect.poll(() => one.reviews.grants.of(ada.id)).toHaveLength(1);
    const closed = await bench.replica({ terms: () => null });
    expect(await codeOf(closed.reviews.request(ada, { ...wish, durationMs: 60_000 }))).toBe("denied");
    expect(closed.reviews.requestable(ada)).toEqual([]);
    await free.stop();
    await closed.stop();
  });

  test("is given to nobody who was disabled meanwhile, and its approval is no statement's", async () => {
    const [ada, bob] = [bench.add("ada"), bench.add("bob", "dba")];
    const review = await one.reviews.request(ada, { ...wish, durationMs: 60_000 });
    bench.people.delete(ada.id);
    expect(await codeOf(one.reviews.decide(review.id, "approve", bob, null))).toBe("conflict");
    expect(one.reviews.grants.of(ada.id)).toEqual([]);
    expect(await one.reviews.desk.consume(review.id, digestOf(""))).toBe(false);
  });

  test("two rules that both want approvals are both met before it begins", async () => {
    const [ada, bob, cyd] = [bench.add("ada"), bench.add("bob", "dba"), bench.add("cyd", "security")];
    const strict = await bench.replica({
      terms: () => ({
        terms: [terms(), terms({ rule: ruleId("second"), approvals: [{ count: 1, groups: ["security"] }] })],
        maxMs: 3_600_000,
      }),
    });
    const review = await strict.reviews.request(ada, { ...wish, durationMs: 60_000 });
    expect((await strict.reviews.decide(review.id, "approve", bob, null)).state).toBe("pending");
    expect((await strict.reviews.view(review.id, ada, false)).missing).toBe("1 more approval from security");
    expect((await strict.reviews.decide(review.id, "approve", cyd, null)).state).toBe("approved");
    await strict.stop();
  });
});
