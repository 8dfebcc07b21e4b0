import { afterEach, describe, expect, it } from "vitest";
import { alice, appended, newSession, openedDraft, statementDraft, testKeys } from "../../test/recording/support.js";
import { createAuditService, createStoreRecorder, type StoreRecorder } from "../recording/index.js";
import { createMemoryRecordingStore } from "../recording/memory-store.js";
import { verifyExport } from "../recording/verify.js";
import { deleteOld, startRetention } from "./retention.js";

const { keys, signer } = testKeys();
const quiet = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} };
const open: StoreRecorder[] = [];
const days = (n: number) => () => Date.now() + n * 24 * 3_600_000;

afterEach(async () => {
  for (const recorder of open.splice(0)) await recorder.close();
});

/** So many statements, each with a sealed text. */
async function recorded(statements: number) {
  const store = createMemoryRecordingStore();
  const recorder = await createStoreRecorder({ store, keys, signer, gateway: "test" });
  open.push(recorder);
  const audit = createAuditService({ store, recorder, signer, keys });
  const session = newSession();
  await appended(recorder, openedDraft(session));
  await Promise.all(
    Array.from({ length: statements }, (_, n) =>
      appended(recorder, statementDraft(session, n + 1, { text: `select 'secret ${n}'` })),
    ),
  );
  const reveal = async () => {
    const { items } = await audit.entries(session, null, 10);
    return audit.reveal({ session, seq: items[1]!.seq, part: "text", by: alice, because: "test" }, () => {});
  };
  return { recorder, audit, session, reveal };
}

describe("retention", () => {
  it("deletes what is older in batches, says so in the record, and leaves the chain whole", async () => {
    const { recorder, audit, session, reveal } = await recorded(450);
    const parts = { audit, recorder, log: quiet };
    expect(await deleteOld(30, { ...parts, now: days(29) }, AbortSignal.timeout(5_000))).toBe(0);
    expect(await reveal()).toMatchObject({ part: "text" });
    expect(await deleteOld(30, { ...parts, now: days(31) }, AbortSignal.timeout(5_000))).toBe(450);
    await expect(reveal()).rejects.toThrow("deleted by retention");
    expect((await audit.entries(session, null, 1_000)).items).toHaveLength(451);
    const [newest] = (await audit.changes(null, 10)).items.filter(
      ({ entry }) => entry["what"] === "retention.payloads-deleted",
    );
    expect(newest!.entry).toMatchObject({ actor: { system: true }, after: { days: 30, deleted: 450 } });
    // Nothing is left: no second word of it.
    expect(await deleteOld(30, { ...parts, now: days(31) }, AbortSignal.timeout(5_000))).toBe(0);
    const lines: string[] = [];
    for await (const line of audit.export()) lines.push(line);
    const heads = (await audit.heads()).map((head) => JSON.stringify(head));
    expect(await verifyExport(lines, { publicKey: audit.publicKey(), heads })).toMatchObject({ ok: true });
  });

  it("deletes nothing that it could not write down, and stops between batches", async () => {
    const { recorder, audit } = await recorded(450);
    const full = { append: recorder.append, healthy: () => false };
    const late = days(31);
    expect(await deleteOld(30, { audit, recorder: full, log: quiet, now: late }, AbortSignal.timeout(5_000))).toBe(0);
    const stopping = new AbortController();
    const deleted = deleteOld(30, { audit, recorder, log: quiet, now: late }, stopping.signal);
    stopping.abort();
    expect(await deleted).toBe(200);
  });

  it("looks when it is started, and ends with its round", async () => {
    const { recorder, audit, reveal } = await recorded(3);
    const stop = startRetention(30, { audit, recorder, log: quiet, now: days(31) });
    await expect.poll(() => reveal().catch(String)).toContain("deleted by retention");
    await stop();
  });
});
