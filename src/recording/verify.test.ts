import { randomUUID } from "node:crypto";
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import {
  appended,
  closedDraft,
  newSession,
  openedDraft,
  statementDraft,
  testFolder,
  testKeys,
} from "../../test/recording/support.js";
import { createRecorder } from "./create-recorder.js";
import { exportRecording } from "./export.js";
import { createFeeder } from "./feeder.js";
import { createHeadPublisher } from "./head-publisher.js";
import { journalSource } from "./journal-source.js";
import { lineText } from "./line-text.js";
import { createMemoryRecordingStore } from "./memory-store.js";
import type { RecordingStore } from "./store.js";
import { type AuditFault, verifyExport } from "./verify.js";

const { keys, signer } = testKeys();
const heads = mkdtempSync(join(tmpdir(), "hoop-heads-"));
const folders: string[] = [heads];
let store: RecordingStore;
let lines: string[];
let outside: string[];
/** The first chain's folder, for exports without a store. */
let journal: string;

const collect = async (all: AsyncIterable<string>) => {
  const lines: string[] = [];
  for await (const line of all) lines.push(line.trimEnd());
  return lines;
};

/** Two gateways, one after the other, each with heads along the way. */
beforeAll(async () => {
  store = createMemoryRecordingStore();
  for (let gateway = 0; gateway < 2; gateway++) {
    const folder = testFolder();
    folders.push(folder);
    journal ??= folder;
    const recorder = await createRecorder({ folder, keys, signer, gateway: `gw-${gateway}` });
    const feeder = createFeeder({ recorder, store, intervalMs: 1 });
    const publisher = createHeadPublisher({ recorder, chains: () => store.chains(), folder: heads });
    const session = newSession();
    await appended(recorder, openedDraft(session));
    for (let n = 1; n <= 10; n++) {
      await appended(
        recorder,
        statementDraft(session, n, { shown: `select \u2028 ${n}`, values: [Buffer.from(String(n))] }),
      );
      if (n === 5) await publisher.publish();
    }
    await appended(recorder, closedDraft(session, 10));
    await publisher.stop();
    await recorder.flush();
    await feeder.drain(AbortSignal.timeout(60_000));
    await feeder.stop();
    await recorder.close();
  }
  lines = await collect(exportRecording(store));
  outside = readdirSync(heads).flatMap((chain) =>
    readdirSync(join(heads, chain)).flatMap((day) =>
      readFileSync(join(heads, chain, day), "utf8")
        .trimEnd()
        .split("\n"),
    ),
  );
});

afterAll(() => {
  for (const folder of folders) rmSync(folder, { recursive: true, force: true });
});

const check = (changed: readonly string[], more: { heads?: string[]; partial?: boolean } = {}) =>
  verifyExport(changed, { publicKey: signer.publicKey, ...more });

const parsed = () => lines.map((line) => JSON.parse(line));
const entryLines = () => parsed().flatMap((line, index) => (line.type === "entry" ? [{ ...line, index }] : []));

async function faultOf(
  changed: readonly string[],
  more: { heads?: string[]; partial?: boolean } = {},
): Promise<Pick<AuditFault, "code" | "seq">> {
  const { ok, fault } = await check(changed, more);
  expect(ok).toBe(false);
  return { code: fault!.code, seq: fault!.seq };
}

describe("an export", () => {
  it("is in order as it is, alone and against the heads that were kept elsewhere", async () => {
    expect(lines.every((line) => !/[\u2028\u2029]/.test(line))).toBe(true);
    expect(await check(lines)).toMatchObject({ ok: true, fault: null, entries: 28, unsigned: 0, anchored: false });
    const report = await check(lines, { heads: outside });
    expect(report).toMatchObject({ ok: true, anchored: true });
    expect(report.chains).toMatchObject([
      { from: 1, entries: 14, provenThrough: 14 },
      { from: 1, entries: 14, provenThrough: 14 },
    ]);
  });

  it("with payloads proves them too", async () => {
    const whole = await collect(exportRecording(store, { payloads: keys }));
    expect(await check(whole)).toMatchObject({ ok: true, payloads: 40 });
    const at = whole.findIndex((line) => line.includes('"type":"payload"'));
    const payload = JSON.parse(whole[at]!);
    const altered = whole.with(at, JSON.stringify({ ...payload, content: Buffer.from("another").toString("base64") }));
    expect(await faultOf(altered)).toEqual({ code: "payload-altered", seq: 4 });
    const moved = whole.toSpliced(at, 1).toSpliced(at + 6, 0, whole[at]!);
    expect((await faultOf(moved)).code).toBe("payload-altered");
  });

  it("names the entry whose body was altered", async () => {
    for (const entry of entryLines()) {
      const changed = lines.with(
        entry.index,
        lineText({
          ...JSON.parse(lines[entry.index]!),
          body: entry.body
            .replace("alice", "mallory")
            .replace("gw-", "gw+")
            .replace('"ended', '"Ended')
            .replace('"v":1', '"v": 1'),
        }),
      );
      expect(await faultOf(changed)).toEqual({ code: "altered", seq: entry.seq });
    }
  });

  it("names the entry that was altered together with its hash", async () => {
    const { createHash } = await import("node:crypto");
    for (const entry of entryLines().slice(0, 12)) {
      const body = entry.body.replace('"v":1', '"v":2');
      const changed = lines.with(
        entry.index,
        lineText({
          ...JSON.parse(lines[entry.index]!),
          body,
          hash: createHash("sha256").update(body).digest("hex"),
        }),
      );
      expect(await faultOf(changed)).toEqual({ code: "altered", seq: expect.any(Number) });
      const { fault } = await check(changed);
      expect([entry.seq, 1]).toContain(fault!.seq);
    }
  });

  it("notices a chain that was rewritten as a whole, hashes and links and all", async () => {
    const { createHash } = await import("node:crypto");
    let previous = "0".repeat(64);
    const chain = entryLines()[0]!.chain;
    const rewritten = lines.map((line) => {
      const value = JSON.parse(line);
      if (value.type !== "entry" || value.chain !== chain) return line;
      const body = lineText({ ...JSON.parse(value.body), prev: previous, v: value.seq >= 4 ? 9 : 1 });
      previous = createHash("sha256").update(body).digest("hex");
      return lineText({ ...value, body, hash: previous });
    });
    expect(await faultOf(rewritten)).toEqual({ code: "altered", seq: 1 });
  });

  it("names a missing, a reordered and a repeated entry", async () => {
    const entries = entryLines();
    const [first, fourth, fifth] = [entries[0]!, entries[3]!, entries[4]!];
    expect(await faultOf(lines.toSpliced(fourth.index, 1))).toEqual({ code: "missing", seq: 4 });
    expect(await faultOf(lines.toSpliced(first.index, 1))).toEqual({ code: "missing", seq: 1 });
    expect(
      await faultOf(lines.with(fourth.index, lines[fifth.index]!).with(fifth.index, lines[fourth.index]!)),
    ).toEqual({ code: "missing", seq: 4 });
    expect(await faultOf(lines.toSpliced(fifth.index, 0, lines[fourth.index]!))).toEqual({ code: "repeated", seq: 4 });
    expect(await faultOf(lines.toSpliced(fifth.index + 1, 0, lines[first.index]!))).toEqual({
      code: "reordered",
      seq: 1,
    });
  });

  it("notices a dropped tail: by the export's own heads, and by the one kept elsewhere when those were dropped too", async () => {
    const last = entryLines().at(-1)!;
    const cut = lines.toSpliced(last.index, 1);
    expect(await faultOf(cut)).toEqual({ code: "tail-dropped", seq: 14 });
    // The attacker of the store drops the later heads as well, and says so at the end.
    const lastHead = lines.findLastIndex((line) => line.includes('"type":"head"'));
    const end = JSON.parse(cut.at(-1)!);
    const thorough = cut.with(-1, lineText({ ...end, entries: end.entries - 1 })).toSpliced(lastHead, 1);
    expect(await check(thorough)).toMatchObject({ ok: true, anchored: false, unsigned: 5 });
    expect(await faultOf(thorough, { heads: outside })).toEqual({ code: "tail-dropped", seq: 14 });
  });

  it("notices a whole missing chain, with all of its heads", async () => {
    const [first, second] = [...new Set(entryLines().map((entry) => entry.chain))];
    for (const chain of [first, second]) {
      const without = lines.filter((line) => !(line.includes('"type":"entry"') && JSON.parse(line).chain === chain));
      expect(await check(without)).toMatchObject({ fault: { code: "chain-missing", chain } });
    }
    const thorough = lines
      .filter((line) => !line.includes(second!) || JSON.parse(line).type === "end")
      .map((line) =>
        JSON.parse(line).type === "end" ? lineText({ type: "end", entries: 14, chains: [first] }) : line,
      );
    expect(await check(thorough)).toMatchObject({ ok: true, anchored: false });
    expect(await check(thorough, { heads: outside })).toMatchObject({
      fault: { code: "chain-missing", chain: second },
    });
  });

  it("refuses heads that the pinned key did not sign", async () => {
    const other = testKeys().signer;
    expect(await verifyExport(lines, { publicKey: other.publicKey })).toMatchObject({
      ok: false,
      fault: { code: "bad-signature" },
    });
    const at = lines.findIndex((line) => line.includes('"type":"head"'));
    const head = JSON.parse(lines[at]!);
    expect(
      (await faultOf(lines.with(at, lineText({ ...head, body: head.body.replace('"seq":8', '"seq":7') })))).code,
    ).toBe("bad-signature");
    expect((await faultOf(lines.filter((line) => !line.includes('"type":"head"')))).code).toBe("unsigned");
    expect((await check(lines, { heads: [outside[0]!.replace("hash", "hush")] })).fault?.code).toBe("bad-signature");
    await expect(verifyExport(lines, { publicKey: "no key" })).rejects.toMatchObject({ code: "invalid" });
    // Several pinned keys are fine: one of them signed.
    expect((await verifyExport(lines, { publicKey: other.publicKey + signer.publicKey })).ok).toBe(true);
  });

  it("is refused when it is cut short or is nothing of the kind", async () => {
    expect((await faultOf(lines.slice(0, -1))).code).toBe("cut-short");
    expect((await faultOf([])).code).toBe("cut-short");
    expect((await faultOf(["{}"])).code).toBe("malformed");
    expect((await faultOf(["not json"])).code).toBe("malformed");
    expect((await faultOf([...lines, lines[3]!])).code).toBe("malformed");
  });

  it("never passes with any one byte of an entry's or a head's line changed", async () => {
    const provable = lines.flatMap((line, index) => (/"type":"(entry|head)"/.test(line) ? [index] : []));
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom(...provable),
        fc.nat(),
        fc.integer({ min: 33, max: 126 }),
        async (index, position, code) => {
          const line = lines[index]!;
          const at = position % line.length;
          const changed = line.slice(0, at) + String.fromCharCode(code) + line.slice(at + 1);
          expect((await check(lines.with(index, changed))).ok).toBe(changed === line);
        },
      ),
      { numRuns: 200 },
    );
  });

  it("can be made from a journal's folder alone", async () => {
    const alone = await collect(exportRecording(journalSource(journal), { payloads: keys }));
    expect(await check(alone)).toMatchObject({ ok: true, entries: 14, payloads: 20 });
  });

  it("may begin behind a signed head only when a part was asked for", async () => {
    const chain = entryLines()[0]!.chain;
    const only = lines.filter((line) => JSON.parse(line).chain === chain || JSON.parse(line).type === "export");
    const first = parsed()
      .filter((line) => line.type === "head" && JSON.parse(line.body).chain === chain)
      .map((line) => JSON.stringify(line));
    const later = (from: number) => [
      only[0]!,
      ...first,
      ...only.filter((line) => JSON.parse(line).seq >= from),
      JSON.stringify({ type: "end", entries: 15 - from, chains: [chain] }),
    ];
    expect(await faultOf(later(9))).toEqual({ code: "missing", seq: 1 });
    expect(await check(later(9), { partial: true })).toMatchObject({ ok: true, chains: [{ from: 9, entries: 6 }] });
    expect(await faultOf(later(10), { partial: true })).toEqual({ code: "missing", seq: 1 });
  });

  it("shows a fork of one chain", async () => {
    const forged = JSON.stringify({
      type: "head",
      ...signHead({ chain: entryLines()[0]!.chain, seq: 8, hash: "ab".repeat(32) }),
    });
    expect(await faultOf(lines.toSpliced(1, 0, forged))).toEqual({ code: "forked", seq: 8 });
  });
});

function signHead(point: { chain: string; seq: number; hash: string }) {
  const known = JSON.parse(JSON.parse(lines.find((line) => line.includes('"type":"head"'))!).body);
  const body = JSON.stringify({ ...known, ...point, chains: [], time: Date.now(), nonce: randomUUID() });
  return { body, signature: Buffer.from(signer.sign(Buffer.from(body))).toString("base64") };
}
