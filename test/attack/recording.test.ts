import { rm } from "node:fs/promises";
import { afterAll, beforeAll, expect, test } from "vitest";
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
} from "../recording/support.js";

const { keys, signer } = testKeys();
const folders: string[] = [];
let lines: string[];

beforeAll(async () => {
  const [folder, heads] = [testFolder(), testFolder()];
  folders.push(folder, heads);
  const store = createMemoryRecordingStore();
  const recorder = await createRecorder({ folder, keys, signer, gateway: "gw" });
  const feeder = createFeeder({ recorder, store, intervalMs: 1 });
  const publisher = createHeadPublisher({ recorder, chains: () => store.chains(), folder: heads });
  const session = newSession();
  await appended(recorder, openedDraft(session));
  await appended(
    recorder,
    statementDraft(session, 1, { shown: "select '\u001b[2J \u2028 \u00e9'", values: [Buffer.from("4111")] }),
  );
  await appended(recorder, closedDraft(session, 1));
  await publisher.stop();
  await recorder.flush();
  await feeder.drain(AbortSignal.timeout(60_000));
  await feeder.stop();
  await recorder.close();
  lines = [];
  for await (const line of exportRecording(store, { payloads: keys })) lines.push(line);
});

afterAll(async () => {
  for (const folder of folders) await rm(folder, { recursive: true, force: true });
});

const verify = (text: string) => verifyExport(text.split("\n"), { publicKey: signer.publicKey });

test("every single-byte change of an export is found, but of the time in its first line, which nobody signs", async () => {
  const whole = Buffer.from(lines.join(""));
  expect((await verify(whole.toString("utf8"))).ok).toBe(true);
  const time = /"time":\d+/.exec(lines[0]!)!;
  const uncovered = { from: time.index, to: time.index + time[0].length };
  const missed: string[] = [];
  for (let at = 0; at < whole.length; at++) {
    const inTime = at >= uncovered.from && at < uncovered.to;
    // The line feeds between lines are no part of the record; a change of the last one leaves an empty line more or less.
    for (const flip of [0x01, 0x04, 0x20]) {
      const changed = Buffer.from(whole);
      changed[at] = changed[at]! ^ flip;
      const text = changed.toString("utf8");
      if (
        inTime ||
        (whole[at] === 0x0a &&
          text
            .split("\n")
            .map((line) => line.trim())
            .filter(Boolean)
            .join("\n") === whole.toString("utf8").trim())
      )
        continue;
      const { ok } = await verify(text);
      if (ok) missed.push(`byte ${at} ^ ${flip}: …${text.slice(Math.max(0, at - 20), at + 10)}…`);
    }
  }
  expect(missed).toEqual([]);
}, 120_000);

test("a byte left out is found wherever it was", async () => {
  const whole = lines.join("");
  const time = /"time":\d+/.exec(lines[0]!)!;
  const missed: number[] = [];
  for (let at = 0; at < whole.length; at++) {
    if (at >= time.index && at < time.index + time[0].length) continue;
    const text = whole.slice(0, at) + whole.slice(at + 1);
    if (at === whole.length - 1) continue;
    if ((await verify(text)).ok) missed.push(at);
  }
  expect(missed).toEqual([]);
}, 120_000);

test("a field said twice, or a second spelling of the same text, is no line of an export", async () => {
  const at = lines.findIndex((line) => line.startsWith('{"type":"entry"') && line.includes("u001b"));
  expect(at).toBeGreaterThan(0);
  const twice = lines[at]!.replace('{"type":"entry",', '{"type":"entry","body":"{}",');
  const spelt = lines[at]!.replace('"type"', '"t\\u0079pe"');
  for (const line of [twice, spelt, ` ${lines[at]}`]) {
    const report = await verify([...lines.slice(0, at), line, ...lines.slice(at + 1)].join(""));
    expect(report.fault?.code).toBe("malformed");
  }
});
