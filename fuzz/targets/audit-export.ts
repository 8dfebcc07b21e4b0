import { rmSync } from "node:fs";
import type { Random } from "../../src/protocol/compliance/random.js";
import { mutated } from "../../src/protocol/compliance/random.js";
import { createRecorder } from "../../src/recording/create-recorder.js";
import { exportRecording } from "../../src/recording/export.js";
import { createFeeder } from "../../src/recording/feeder.js";
import { createHeadPublisher } from "../../src/recording/head-publisher.js";
import { createMemoryRecordingStore } from "../../src/recording/memory-store.js";
import { verifyExport } from "../../src/recording/verify.js";
import {
  appended,
  closedDraft,
  newSession,
  openedDraft,
  statementDraft,
  testFolder,
  testKeys,
} from "../../test/recording/support.js";
import { Finding, type FuzzTarget } from "../target.js";

const { keys, signer } = testKeys();
const original = await exported();
const bodies = entryBodies(original);

/** An export that somebody changed: whatever the change, `ok` only while every entry is what it was. */
export const auditExport: FuzzTarget = {
  name: "audit-export",
  seeds: () => [Buffer.from(original.join("\n"))],
  mutate: (input, random) => (random(2) ? shuffled(input, random) : mutated(random, input)),
  async run(input) {
    const lines = input.toString("utf8").split("\n");
    const report = await verifyExport(lines, { publicKey: signer.publicKey });
    if (!report.ok) {
      if (report.fault === null) throw new Finding("not ok, and no fault is named");
      return report.fault.code;
    }
    if (entryBodies(lines).join("\n") !== bodies.join("\n"))
      throw new Finding("proven, though its entries are not the original's");
    return "ok";
  },
};

async function exported(): Promise<readonly string[]> {
  const [folder, heads] = [testFolder(), testFolder()];
  const store = createMemoryRecordingStore();
  const recorder = await createRecorder({ folder, keys, signer, gateway: "fuzz" });
  const feeder = createFeeder({ recorder, store, intervalMs: 1 });
  const publisher = createHeadPublisher({ recorder, chains: () => store.chains(), folder: heads });
  try {
    const session = newSession();
    await appended(recorder, openedDraft(session));
    for (let n = 1; n <= 6; n++) await appended(recorder, statementDraft(session, n, { shown: `select ${n}` }));
    await appended(recorder, closedDraft(session, 6));
    await publisher.stop();
    await recorder.flush();
    await feeder.drain(AbortSignal.timeout(5_000));
  } finally {
    await feeder.stop();
    await recorder.close();
    for (const one of [folder, heads]) rmSync(one, { recursive: true, force: true });
  }
  const lines: string[] = [];
  for await (const line of exportRecording(store)) lines.push(line.trimEnd());
  const { ok, fault } = await verifyExport(lines, { publicKey: signer.publicKey });
  if (!ok) throw new Error(`the export is not proven to begin with: ${fault?.text}`);
  return lines;
}

function entryBodies(lines: readonly string[]): readonly string[] {
  return lines.flatMap((line) => {
    try {
      const { type, body } = JSON.parse(line) as { type: string; body: string };
      return type === "entry" ? [body] : [];
    } catch {
      return [];
    }
  });
}

/** Whole lines taken out, doubled and exchanged. */
function shuffled(input: Buffer, random: Random): Buffer {
  const lines = input.toString("utf8").split("\n");
  for (let changes = 1 + random(3); changes > 0; changes--) {
    const [a, b] = [random(lines.length), random(lines.length)];
    const kind = random(3);
    if (kind === 0) lines.splice(a, 1);
    else if (kind === 1) lines.splice(a, 0, lines[b] ?? "");
    else [lines[a], lines[b]] = [lines[b] ?? "", lines[a] ?? ""];
  }
  return Buffer.from(lines.join("\n"));
}
