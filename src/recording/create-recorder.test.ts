import { createHash } from "node:crypto";
import {
  appendFileSync,
  closeSync,
  copyFileSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
  writeSync,
} from "node:fs";
import { join } from "node:path";
import { afterEach, describe, expect, it } from "vitest";
import {
  appended,
  closedDraft,
  newSession,
  openedDraft,
  statementDraft,
  testFolder,
  testKeys,
} from "../../test/recording/support.js";
import { readBodies } from "./analyses.js";
import { createRecorder, type LocalRecorder, type RecorderOptions } from "./create-recorder.js";
import { createFeeder } from "./feeder.js";
import { createMemoryRecordingStore } from "./memory-store.js";
import { openPayload } from "./open-payload.js";
import { decodeValues } from "./values.js";

// One file: what a journal that was torn, full or taken away may cost is one list, over the same folders and keys.
const { keys, signer } = testKeys();
const folders: string[] = [];
const open: LocalRecorder[] = [];

function folder(): string {
  const path = testFolder();
  folders.push(path);
  return path;
}

async function start(path: string, more: Partial<RecorderOptions> = {}): Promise<LocalRecorder> {
  const recorder = await createRecorder({ folder: path, keys, signer, gateway: "test", ...more });
  open.push(recorder);
  return recorder;
}

afterEach(async () => {
  for (const recorder of open.splice(0)) await recorder.close();
  for (const path of folders.splice(0)) rmSync(path, { recursive: true, force: true });
});

const segments = (path: string) =>
  readdirSync(path)
    .filter((name) => name.endsWith(".journal"))
    .sort()
    .map((name) => join(path, name));

async function everything(recorder: LocalRecorder) {
  const store = createMemoryRecordingStore();
  const feeder = createFeeder({ recorder, store, intervalMs: 1 });
  await feeder.drain(AbortSignal.timeout(60_000));
  await feeder.stop();
  const entries = await store.entries(recorder.chain, 0, 1_000_000);
  const all = entries.map((entry) => JSON.parse(entry.body));
  // What an analysis says once, before the first statement that refers to it, is seen by the tests about it.
  return { store, all, bodies: all.filter((body) => body.kind !== "analysis") };
}

describe("the recorder", () => {
  it("writes entries in the order of the calls, all of a turn in one write, and answers after it", async () => {
    const path = folder();
    const recorder = await start(path, { group: 50 });
    const session = newSession();
    const before = statSync(segments(path)[0]!).size;
    const answers: number[] = [];
    let writes = 0;
    recorder.onWritten(() => {
      writes += 1;
    });
    for (let n = 1; n <= 50; n++)
      recorder.append(statementDraft(session, n), (error) => (error === null ? answers.push(n) : answers.push(-n)));
    expect(answers).toEqual([]);
    expect(statSync(segments(path)[0]!).size).toBe(before);
    await recorder.flush();
    expect(answers).toEqual(Array.from({ length: 50 }, (_, index) => index + 1));
    expect(writes).toBe(1);
    const { all } = await everything(recorder);
    expect(all.map((body) => body.kind)).toEqual(["chain-opened", "analysis", ...Array(50).fill("statement")]);
    expect(all.map((body) => body.seq)).toEqual(Array.from({ length: 52 }, (_, index) => index + 1));
  });

  it("answers in groups within a turn, each after its own write, in order", async () => {
    const path = folder();
    const groups: number[] = [];
    const answers: number[] = [];
    const recorder = await start(path, { group: 4, onGroup: () => groups.push(answers.length) });
    const session = newSession();
    const sizes: number[] = [];
    let written = 0;
    recorder.onWritten(() => {
      written += 1;
    });
    for (let n = 1; n <= 10; n++) {
      recorder.append(statementDraft(session, n), (error) => {
        expect(error).toBe(null);
        answers.push(n);
        sizes.push(statSync(segments(path)[0]!).size);
      });
    }
    // The fifth writes the four before it, the ninth the next four; two wait for the turn's end.
    expect(answers).toEqual([1, 2, 3, 4, 5, 6, 7, 8]);
    expect(groups).toEqual([4, 8]);
    expect(new Set(sizes.slice(0, 4)).size).toBe(1);
    expect(sizes[4]).toBeGreaterThan(sizes[3]!);
    await recorder.flush();
    expect(answers).toEqual(Array.from({ length: 10 }, (_, index) => index + 1));
    expect(written).toBe(3);
    const { bodies } = await everything(recorder);
    expect(bodies.slice(1).map((body) => body.statement)).toEqual(
      Array.from({ length: 10 }, (_, index) => statementDraft(session, index + 1).statement),
    );
  });

  it("lets whoever is answered in the middle of a turn append again", async () => {
    const path = folder();
    const recorder = await start(path, { group: 2 });
    const session = newSession();
    const order: number[] = [];
    const next = (n: number) => {
      if (n > 40) return;
      recorder.append(statementDraft(session, n), () => {
        order.push(n);
        next(n + 10);
      });
    };
    for (let n = 1; n <= 10; n++) next(n);
    while (order.length < 40) await recorder.flush();
    const { bodies } = await everything(recorder);
    const numbers = bodies.slice(1).map((body) => Number(body.statement.split(":").at(-1)));
    expect(numbers).toHaveLength(40);
    expect(order).toEqual(numbers);
  });

  it("seals text and values apart: none of it is readable in the folder, and it opens again", async () => {
    const path = folder();
    const recorder = await start(path);
    const session = newSession();
    const values = [Buffer.from("alice@secret.example"), null, Buffer.alloc(0)];
    await appended(
      recorder,
      statementDraft(session, 1, { text: "select 'topsecretliteral'", shown: "select $1", values }),
    );
    await appended(recorder, {
      kind: "statement-finished",
      session,
      statement: statementDraft(session, 1).statement,
      outcome: "error",
      rows: 0,
      bytes: 0,
      maskedCells: 0,
      durationMs: 1,
      error: { code: "23505", text: "Key (ssn)=(123-45-6789) already exists" },
    });
    for (const file of segments(path)) {
      const bytes = readFileSync(file);
      for (const secret of ["topsecretliteral", "alice@secret", "123-45-6789"])
        expect(bytes.includes(secret)).toBe(false);
      expect(bytes.includes("select $1")).toBe(true);
    }
    const { store, bodies } = await everything(recorder);
    const reveal = async (hash: string) => {
      const payload = (await store.payload(hash, { chain: recorder.chain, seq: 0 }))!;
      return (await openPayload(keys, hash, payload.sealed, payload.chunks)).content;
    };
    expect((await reveal(bodies[1].text.payload)).toString()).toBe("select 'topsecretliteral'");
    expect(decodeValues(await reveal(bodies[1].values.payload))).toEqual(values);
    expect((await reveal(bodies[2].error.text.payload)).toString()).toContain("123-45-6789");
    // Equal secrets are not equal in the chain: the export is no oracle.
    await appended(recorder, statementDraft(session, 2, { text: "select 'topsecretliteral'", shown: "select $1" }));
    const again = await everything(recorder);
    expect(again.bodies[3].text.payload).not.toBe(bodies[1].text.payload);
  });

  it("says `shown` where the shown text is the text, and cuts only what is shown", async () => {
    const recorder = await start(folder());
    const session = newSession();
    await appended(recorder, statementDraft(session, 1, { text: "begin", shown: "begin" }));
    const long = `select ${"x".repeat(100_000)}`;
    await appended(recorder, statementDraft(session, 2, { text: long, shown: long }));
    const { store, bodies } = await everything(recorder);
    expect(bodies[1].text).toBe("shown");
    expect(bodies[1].shown).toBe("begin");
    expect(bodies[2].shown).toHaveLength(16 * 1024);
    expect(bodies[2].shownCut).toBe(true);
    const payload = (await store.payload(bodies[2].text.payload, bodies[2]))!;
    expect((await openPayload(keys, bodies[2].text.payload, payload.sealed)).content.toString()).toBe(long);
  });

  it("keeps NUL, invalid and astral text as it was", async () => {
    const recorder = await start(folder());
    const text = "select '\0 \u{1F600} \ud800'";
    await appended(recorder, statementDraft(newSession(), 1, { text, shown: text }));
    const { bodies } = await everything(recorder);
    expect(bodies[1].shown).toBe(text);
  });

  it("goes on where it was after a restart", async () => {
    const path = folder();
    const first = await start(path);
    await appended(first, statementDraft(newSession(), 1));
    const { chain, tip } = first;
    await first.close();
    const second = await start(path);
    expect(second.chain).toBe(chain);
    expect(second.tip.seq).toBe(tip.seq + 1);
    const { bodies } = await everything(second);
    expect(bodies.map((body) => body.kind)).toEqual(["chain-opened", "statement", "chain-opened"]);
    expect(bodies[2].prev).toBe(tip.hash);
  });

  it("records a statement of 100 MB whole, apart, and keeps its session's order while others go on", async () => {
    const path = folder();
    const recorder = await start(path);
    const [big, small] = [newSession(), newSession()];
    const text = `select '${"é".repeat(50 << 20)}'`;
    const order: string[] = [];
    const opened = appended(recorder, openedDraft(big)).then(() => order.push("opened"));
    const whole = appended(recorder, statementDraft(big, 1, { text, shown: null })).then((error) =>
      order.push(error === null ? "big" : "failed"),
    );
    const closed = appended(recorder, closedDraft(big, 1)).then(() => order.push("closed"));
    const other = appended(recorder, statementDraft(small, 1)).then(() => order.push("other"));
    await Promise.all([opened, whole, closed, other]);
    expect(order).toEqual(["opened", "other", "big", "closed"]);
    expect(recorder.journal.usedBytes).toBeGreaterThan(100 << 20);
    expect(statSync(segments(path)[0]!).size).toBeLessThan(100_000);
    const { store, bodies } = await everything(recorder);
    const ref = bodies.find((body) => body.session === big && body.kind === "statement").text;
    expect(ref.bytes).toBe(Buffer.byteLength(text));
    const payload = (await store.payload(ref.payload, { chain: recorder.chain, seq: 0 }))!;
    expect(payload.chunks.length).toBe(101);
    const { content } = await openPayload(keys, ref.payload, payload.sealed, payload.chunks);
    expect(content.equals(Buffer.from(text))).toBe(true);
    await expect(openPayload(keys, ref.payload, payload.sealed, payload.chunks.slice(0, -1))).rejects.toThrow(
      "does not open",
    );
    await expect(
      openPayload(keys, ref.payload, payload.sealed, [
        payload.chunks[1]!,
        payload.chunks[0]!,
        ...payload.chunks.slice(2),
      ]),
    ).rejects.toThrow("does not open");
  }, 60_000);

  it("says an analysis once, and again after a restart and where an entry of it was not written", async () => {
    const path = folder();
    const first = await start(path);
    const session = newSession();
    const statement = statementDraft(session, 1);
    const analysis = statement.analysis!;
    for (let n = 1; n <= 3; n++) await appended(first, statementDraft(session, n));
    // Equal is the same, whoever made it.
    await appended(first, statementDraft(session, 4, { analysis: structuredClone(analysis) }));
    const other = { ...analysis, shape: "another" };
    await appended(first, statementDraft(session, 5, { analysis: other }));
    await appended(first, statementDraft(session, 6, { analysis: null }));
    // A draft that cannot be written takes its turn's entries with it, the analysis before it as well.
    const broken = {
      get tag(): string {
        throw new Error("broken");
      },
    };
    const lost = { ...analysis, shape: "lost" };
    const refused = appended(first, statementDraft(session, 7, { analysis: lost }));
    first.append({
      ...{ kind: "statement-finished", session, statement: statement.statement, outcome: "ok" },
      ...{ rows: 0, bytes: 0, maskedCells: 0, durationMs: 0 },
      get tag() {
        return broken.tag;
      },
    });
    expect(await refused).toMatchObject({ code: "internal" });
    await appended(first, statementDraft(session, 8, { analysis: lost }));
    await first.close();
    const again = await start(path);
    await appended(again, statementDraft(session, 9));
    const { store, all } = await everything(again);
    const described = all.filter((body) => body.kind === "analysis");
    expect(described.map((body) => body.described.shape)).toEqual([analysis.shape, "another", "lost", analysis.shape]);
    const seen = new Set<string>();
    for (const body of all) {
      if (body.kind === "analysis") {
        expect(createHash("sha256").update(JSON.stringify(body.described)).digest("hex")).toBe(body.analysis);
        seen.add(body.analysis);
      }
      if (body.kind === "statement" && body.analysis !== null) expect(seen).toContain(body.analysis);
    }
    const { entries } = await store.sessionEntries(session, null, 100);
    const told = await readBodies(store, entries);
    expect(told.map((body) => (body["analysis"] as { shape: string } | null)?.shape)).toEqual([
      ...Array(4).fill(analysis.shape),
      "another",
      undefined,
      "lost",
      analysis.shape,
    ]);
    // A store whose text is another one is not believed.
    const lying = { analyses: async (hashes: readonly string[]) => new Map(hashes.map((hash) => [hash, "{}"])) };
    expect((await readBodies(lying, entries))[0]!["analysis"]).toBe(described[0].analysis);
  });

  it("writes the end of a statement with the next entry, or soon, and before it closes", async () => {
    const path = folder();
    const recorder = await start(path);
    const session = newSession();
    const { statement } = statementDraft(session, 1);
    const finished = {
      ...({ kind: "statement-finished", session, statement, outcome: "ok" } as const),
      ...{ rows: 0, bytes: 0, maskedCells: 0, durationMs: 0 },
    };
    const { seq } = recorder.tip;
    recorder.append(finished);
    await new Promise((resolve) => setImmediate(resolve));
    expect(recorder.tip.seq).toBe(seq);
    await expect.poll(() => recorder.tip.seq, { interval: 1 }).toBe(seq + 1);
    recorder.append(finished);
    // One write has both, in order.
    let writes = 0;
    recorder.onWritten(() => {
      writes += 1;
    });
    expect(await appended(recorder, statementDraft(session, 2))).toBeNull();
    expect(writes).toBe(1);
    recorder.append(finished);
    await recorder.close();
    const { bodies } = await everything(await start(path));
    expect(bodies.map((body) => body.kind)).toEqual([
      ...["chain-opened", "statement-finished", "statement-finished", "statement", "statement-finished"],
      "chain-opened",
    ]);
  });

  it("refuses a second owner of its folder, and names the first", async () => {
    const path = folder();
    await start(path);
    await expect(start(path)).rejects.toMatchObject({
      code: "conflict",
      message: expect.stringContaining(String(process.pid)),
    });
  });

  it("takes the folder over from an owner that died", async () => {
    const path = folder();
    const first = await start(path);
    const owner = JSON.parse(readFileSync(join(path, "owner"), "utf8"));
    await first.close();
    writeFileSync(join(path, "owner"), JSON.stringify({ ...owner, token: "x", started: "1" }));
    await start(path);
    expect(JSON.parse(readFileSync(join(path, "owner"), "utf8")).token).not.toBe("x");
  });

  it("stops writing when another process took its folder", async () => {
    const path = folder();
    const recorder = await start(path);
    writeFileSync(join(path, "owner"), JSON.stringify({ token: "other" }));
    await expect
      .poll(async () => (await appended(recorder, statementDraft(newSession(), 1)))?.message)
      .toContain("taken the journal folder");
    expect(recorder.healthy()).toBe(false);
  });
});

describe("after a crash", () => {
  async function written(path: string, statements = 20): Promise<LocalRecorder> {
    const recorder = await start(path);
    const session = newSession();
    for (let n = 1; n <= statements; n++) await appended(recorder, statementDraft(session, n));
    await recorder.close();
    return recorder;
  }

  it("cuts a torn tail, at every byte of the last record, and nothing else", async () => {
    const path = folder();
    await written(path, 2);
    const [segment] = segments(path);
    const size = statSync(segment!).size;
    const copy = readFileSync(segment!);
    for (let cut = 1; cut < 700; cut += 37) {
      const torn = folder();
      mkdirSync(join(torn, "aside"));
      const target = join(torn, segment!.split("/").at(-1)!);
      copyFileSync(segment!, target);
      truncateSync(target, size - cut);
      const recorder = await start(torn);
      // The last statement is gone, the ones before it are there; `chain-opened` was added at the end.
      expect(recorder.tip.seq).toBe(4);
      const kept = readFileSync(target);
      const same = kept.subarray(0, Math.min(kept.length, size - 1500));
      expect(same.equals(copy.subarray(0, same.length))).toBe(true);
      await recorder.close();
    }
  });

  it("cuts a tail of garbage or zeros", async () => {
    for (const garbage of [
      Buffer.alloc(5000),
      Buffer.from("no record at all ".repeat(50)),
      Buffer.from([0xf5, 0x48, 0x4a, 0xff, 0, 0, 0, 9]),
    ]) {
      const path = folder();
      const before = await written(path);
      appendFileSync(segments(path)[0]!, garbage);
      const recorder = await start(path);
      expect(recorder.tip.seq).toBe(before.tip.seq + 1);
      await recorder.close();
    }
  });

  it("refuses to start on damage in the middle, at any byte of it", async () => {
    const path = folder();
    await written(path, 4);
    const [segment] = segments(path);
    const good = readFileSync(segment!);
    for (let at = 0; at < good.length - 2500; at += 53) {
      const bad = folder();
      mkdirSync(join(bad, "aside"));
      const damaged = Buffer.from(good);
      damaged[at] = damaged[at]! ^ 0x40;
      writeFileSync(join(bad, segment!.split("/").at(-1)!), damaged);
      await expect(start(bad), `byte ${at}`).rejects.toMatchObject({
        code: "precondition-failed",
        message: expect.stringContaining("damaged"),
      });
    }
  });

  it("refuses a segment that is missing in between", async () => {
    const path = folder();
    const recorder = await start(path, { segmentBytes: 2_000 });
    for (let n = 1; n <= 20; n++) await appended(recorder, statementDraft(newSession(), n));
    await recorder.close();
    expect(segments(path).length).toBeGreaterThan(3);
    rmSync(segments(path)[1]!);
    await expect(start(path)).rejects.toThrow("does not follow");
  });

  it("goes on behind the store when the disk lost what was not synced", async () => {
    const path = folder();
    const recorder = await start(path);
    for (let n = 1; n <= 5; n++) await appended(recorder, statementDraft(newSession(), n));
    const { store } = await everything(recorder);
    await recorder.close();
    const segment = segments(path)[0]!;
    truncateSync(segment, statSync(segment).size - 1500);
    const again = await start(path, { storeTip: (chain) => store.tip(chain) });
    expect(again.tip.seq).toBe(8);
    const feeder = createFeeder({ recorder: again, store, intervalMs: 1 });
    await feeder.drain(AbortSignal.timeout(60_000));
    await feeder.stop();
    expect((await store.tip(again.chain))!.seq).toBe(8);
  });
});

describe("segments", () => {
  it("roll by size and go only when the store has them and their time is over", async () => {
    const path = folder();
    let now = Date.now();
    const recorder = await start(path, { segmentBytes: 5_000, keepMs: 60_000, now: () => now });
    for (let n = 1; n <= 50; n++) await appended(recorder, statementDraft(newSession(), n));
    const count = segments(path).length;
    expect(count).toBeGreaterThan(5);
    now += 120_000;
    await appended(recorder, statementDraft(newSession(), 51));
    expect(segments(path).length).toBeGreaterThanOrEqual(count);
    const store = createMemoryRecordingStore();
    const feeder = createFeeder({ recorder, store, intervalMs: 1 });
    await feeder.drain(AbortSignal.timeout(60_000));
    await feeder.stop();
    const kinds = (await store.entries(recorder.chain, 0, 1000)).map((entry) => JSON.parse(entry.body).kind);
    expect(kinds.filter((kind) => kind !== "analysis").length).toBe(52);
    // Each segment says anew what its statements refer to: those before it will be deleted.
    expect(kinds.filter((kind) => kind === "analysis").length).toBeGreaterThan(5);
    const { seq } = recorder.tip;
    expect(segments(path).length).toBeLessThanOrEqual(2);
    await recorder.close();
    const again = await start(path);
    expect(again.tip.seq).toBe(seq + 1);
  });
});

describe("a full disk", () => {
  it("refuses, with nothing written, and recovers by itself with an entry about the gap", async () => {
    const path = folder();
    const recorder = await start(path, { quotaBytes: 6_000, retryMs: 20, segmentBytes: 1_000, keepMs: 0 });
    const session = newSession();
    const answers = [];
    for (let n = 1; n <= 10; n++) answers.push(await appended(recorder, statementDraft(session, n)));
    const accepted = answers.filter((answer) => answer === null).length;
    expect(accepted).toBeGreaterThan(0);
    expect(accepted).toBeLessThan(10);
    expect(answers.at(-1)).toMatchObject({ code: "unavailable", message: expect.stringContaining("disk is full") });
    expect(recorder.healthy()).toBe(false);
    recorder.append(closedDraft(session, 1));
    const store = createMemoryRecordingStore();
    const feeder = createFeeder({ recorder, store, intervalMs: 1 });
    // There is room again once the store has what fills the folder.
    await feeder.drain(AbortSignal.timeout(60_000));
    await expect.poll(() => recorder.healthy()).toBe(true);
    await feeder.drain(AbortSignal.timeout(60_000));
    expect(await appended(recorder, statementDraft(session, 11))).toBeNull();
    await feeder.drain(AbortSignal.timeout(60_000));
    await feeder.stop();
    const bodies = (await store.entries(recorder.chain, 0, 100)).map((entry) => JSON.parse(entry.body));
    expect(bodies.filter((body) => body.kind === "statement").length).toBe(accepted + 1);
    expect(bodies.find((body) => body.kind === "gap")).toMatchObject({
      refused: 10 - accepted,
      unrecorded: 1,
      because: expect.stringContaining("disk is full"),
    });
  });

  it("goes on and counts, when told to", async () => {
    const recorder = await start(folder(), { quotaBytes: 6_000, retryMs: 10_000, onFull: "count" });
    const session = newSession();
    for (let n = 1; n <= 20; n++) expect(await appended(recorder, statementDraft(session, n))).toBeNull();
    expect(recorder.healthy()).toBe(false);
    expect(recorder.status().unrecorded).toBeGreaterThan(5);
    expect(recorder.status().refused).toBe(0);
  });

  it("refuses a large statement that does not fit, and leaves no file of it", async () => {
    const path = folder();
    const recorder = await start(path, { quotaBytes: 2 << 20 });
    expect(
      await appended(recorder, statementDraft(newSession(), 1, { text: "x".repeat(3 << 20), shown: null })),
    ).toMatchObject({ message: expect.stringContaining("full") });
    expect(readdirSync(join(path, "aside"))).toEqual([]);
    expect(await appended(recorder, statementDraft(newSession(), 1))).toBeNull();
  });
});

describe("sync mode", () => {
  it("answers after the disk has it", async () => {
    const recorder = await start(folder(), { sync: true, segmentBytes: 3_000 });
    const session = newSession();
    const answers = await Promise.all(
      Array.from({ length: 40 }, (_, n) => appended(recorder, statementDraft(session, n))),
    );
    expect(answers.every((answer) => answer === null)).toBe(true);
    await recorder.flush();
    for (let n = 0; n < 10; n++) expect(await appended(recorder, statementDraft(session, n))).toBeNull();
    expect((await everything(recorder)).bodies).toHaveLength(51);
  });
});

describe("the feeder", () => {
  it("loses nothing while the store is away, and sends nothing twice that was taken", async () => {
    const recorder = await start(folder(), { segmentBytes: 20_000 });
    const real = createMemoryRecordingStore();
    let calls = 0;
    const store: typeof real = {
      ...real,
      async append(batch) {
        calls += 1;
        if (calls % 3 === 1) throw new Error("the store is away");
        await real.append(batch);
        // Arrived, but the answer was lost.
        if (calls % 3 === 2) throw new Error("the connection broke");
      },
    };
    const feeder = createFeeder({ recorder, store, intervalMs: 1, maxRetryMs: 5 });
    const session = newSession();
    await appended(recorder, openedDraft(session));
    for (let n = 1; n <= 500; n++)
      await appended(recorder, statementDraft(session, n, n % 5 === 0 ? { outcome: "deny" } : {}));
    await appended(recorder, closedDraft(session, 500));
    await feeder.drain(AbortSignal.timeout(60_000));
    await feeder.stop();
    expect(calls).toBeGreaterThan(3);
    const { sessions } = await real.sessions({}, null, 10);
    expect(sessions).toMatchObject([
      {
        session,
        statements: 500,
        verdicts: { allow: 400, deny: 100 },
        endReason: "client-closed",
        name: "alice@example.test",
      },
    ]);
    const stored = await real.entries(recorder.chain, 0, 1000);
    expect(stored.map((entry) => entry.seq)).toEqual(Array.from({ length: recorder.tip.seq }, (_, n) => n + 1));
    expect(stored.filter((entry) => !entry.body.includes('"kind":"analysis"')).length).toBe(503);
  });

  it("refuses a chain that forked", async () => {
    const path = folder();
    const recorder = await start(path);
    const { store } = await everything(recorder);
    await appended(recorder, statementDraft(newSession(), 1));
    await recorder.close();
    // A copy of the folder as it was, run by somebody else.
    const copy = folder();
    mkdirSync(join(copy, "aside"));
    copyFileSync(segments(path)[0]!, join(copy, segments(path)[0]!.split("/").at(-1)!));
    const other = await start(copy);
    const otherFeeder = createFeeder({ recorder: other, store, intervalMs: 1 });
    await otherFeeder.drain(AbortSignal.timeout(60_000));
    await otherFeeder.stop();
    const again = await start(path);
    await appended(again, statementDraft(newSession(), 2));
    const errors: string[] = [];
    const feeder = createFeeder({
      recorder: again,
      store,
      intervalMs: 1,
      maxRetryMs: 5,
      onError: (error) => errors.push(error.code),
    });
    await appended(other, statementDraft(newSession(), 1));
    const forked = createFeeder({
      recorder: other,
      store,
      intervalMs: 1,
      maxRetryMs: 5,
      onError: (error) => errors.push(error.code),
    });
    await expect.poll(() => errors).toContain("conflict");
    await feeder.stop();
    await forked.stop();
  });
});

it("writes nothing behind a record that could not be written whole", async () => {
  const path = folder();
  const recorder = await start(path);
  await appended(recorder, statementDraft(newSession(), 1));
  // What a failed write may leave: the next write must cover it.
  const fd = openSync(segments(path)[0]!, "a");
  writeSync(fd, Buffer.alloc(100, 7));
  closeSync(fd);
  await appended(recorder, statementDraft(newSession(), 2));
  await recorder.close();
  const again = await start(path);
  expect(again.tip.seq).toBe(5);
});
