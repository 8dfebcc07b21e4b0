import { afterEach, describe, expect, it } from "vitest";
import {
  alice,
  appended,
  closedDraft,
  newSession,
  openedDraft,
  statementDraft,
  testKeys,
} from "../../test/recording/support.js";
import { createAuditService } from "./audit.js";
import { createMemoryRecordingStore } from "./memory-store.js";
import { createStoreRecorder, type StoreRecorder } from "./store-recorder.js";
import { verifyExport } from "./verify.js";

const { keys, signer } = testKeys();
const open: StoreRecorder[] = [];

afterEach(async () => {
  for (const recorder of open.splice(0)) await recorder.close();
});

function fallible() {
  const real = createMemoryRecordingStore();
  const state = { away: false, lost: false, commits: 0 };
  const store: typeof real = {
    ...real,
    async append(batch) {
      if (state.away) throw new Error("connect ECONNREFUSED");
      state.commits += 1;
      await real.append(batch);
      if (state.lost) {
        state.lost = false;
        throw new Error("the connection broke after the commit");
      }
    },
    async tip(chain) {
      if (state.away) throw new Error("connect ECONNREFUSED");
      return real.tip(chain);
    },
  };
  return { store, real, state };
}

async function start(store: ReturnType<typeof fallible>["store"]): Promise<StoreRecorder> {
  const recorder = await createStoreRecorder({ store, keys, signer, gateway: "test", retryMs: 5 });
  open.push(recorder);
  return recorder;
}

describe("the recorder that commits to the store first", () => {
  it("answers once the store has it, many entries a commit", async () => {
    const { store, real, state } = fallible();
    const recorder = await start(store);
    const session = newSession();
    const before = state.commits;
    const answers = await Promise.all(
      Array.from({ length: 200 }, (_, n) =>
        appended(recorder, statementDraft(session, n)).then(
          async (error) => [error, (await real.tip(recorder.chain))!.seq >= n + 2] as const,
        ),
      ),
    );
    expect(answers.every(([error, there]) => error === null && there)).toBe(true);
    expect(state.commits - before).toBeLessThan(5);
  });

  it("refuses while the store is away, keeps what nobody waits for, and goes on by itself", async () => {
    const { store, real, state } = fallible();
    const recorder = await start(store);
    const session = newSession();
    await appended(recorder, openedDraft(session));
    state.away = true;
    expect(await appended(recorder, statementDraft(session, 1))).toMatchObject({ code: "unavailable" });
    expect(recorder.healthy()).toBe(false);
    expect(await appended(recorder, statementDraft(session, 2))).toMatchObject({ code: "unavailable" });
    recorder.append(closedDraft(session, 2));
    state.away = false;
    await expect.poll(() => recorder.healthy()).toBe(true);
    await recorder.flush();
    const kinds = (await real.entries(recorder.chain, 0, 100))
      .map((entry) => JSON.parse(entry.body))
      .map((body) => body.kind);
    expect(kinds.sort()).toEqual(["chain-opened", "gap", "session-closed", "session-opened"]);
  });

  it("does not fork its chain when a commit arrived and its answer was lost", async () => {
    const { store, real, state } = fallible();
    const recorder = await start(store);
    state.lost = true;
    expect(await appended(recorder, statementDraft(newSession(), 1))).toMatchObject({ code: "unavailable" });
    await expect.poll(() => recorder.healthy()).toBe(true);
    expect(await appended(recorder, statementDraft(newSession(), 2))).toBeNull();
    const service = createAuditService({ store: real, recorder, signer });
    expect(await service.verify(AbortSignal.timeout(60_000))).toMatchObject({ ok: true, chains: 1, problems: [] });
  });
});

describe("the audit service", () => {
  it("reveals a sealed part only when allowed, and only after it is written who looked", async () => {
    const { store, real } = fallible();
    const recorder = await start(store);
    const service = createAuditService({ store: real, recorder, signer, keys });
    const session = newSession();
    await appended(recorder, openedDraft(session));
    await appended(recorder, statementDraft(session, 1, { text: "select 'secret'", values: [Buffer.from("v"), null] }));
    const { items } = await service.entries(session, null, 10);
    const seq = items[1]!.seq;
    const request = { session, seq, part: "text", by: alice, because: "incident 7" } as const;
    const refuse = () => {
      throw new Error("auditors only");
    };
    await expect(service.reveal(request, refuse)).rejects.toThrow("auditors only");
    expect((await service.changes(null, 10)).items.filter((item) => item.entry.kind === "change")).toHaveLength(0);
    expect(await service.reveal(request, () => {})).toEqual({ part: "text", text: "select 'secret'" });
    expect(await service.reveal({ ...request, part: "values" }, () => {})).toEqual({
      part: "values",
      values: [Buffer.from("v"), null],
    });
    const looked = (await service.changes(null, 10)).items.filter((item) => item.entry.kind === "change");
    expect(looked[0]!.entry).toMatchObject({
      what: "payload-revealed",
      actor: alice,
      after: { because: "incident 7" },
    });
    await expect(service.reveal({ ...request, part: "error" }, () => {})).rejects.toMatchObject({ code: "not-found" });
    // Retention takes the sealed parts and leaves the chain whole.
    expect(await service.deletePayloads(new Date(Date.now() + 1000))).toBe(2);
    await expect(service.reveal(request, () => {})).rejects.toThrow("deleted by retention");
    const lines: string[] = [];
    for await (const line of service.export()) lines.push(line);
    expect(
      await verifyExport(lines, {
        publicKey: service.publicKey(),
        heads: (await service.heads()).map((head) => JSON.stringify(head)),
      }),
    ).toMatchObject({ ok: true, anchored: true, unsigned: 0 });
  });
});
