import { execFileSync } from "node:child_process";
import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import {
  createFeeder,
  createMemoryRecordingStore,
  createRecorder,
  exportRecording,
  verifyExport,
} from "../../src/recording/index.js";
import { appended, newSession, statementDraft, testFolder, testKeys } from "./support.js";

/** A disk of one megabyte can be made by root only. */
const canMount = process.platform === "linux" && process.getuid?.() === 0;

it.skipIf(!canMount)(
  "refuses on a really full disk, repairs what was half written, and recovers when there is room",
  async () => {
    const mount = testFolder();
    const { keys, signer } = testKeys();
    execFileSync("mount", ["-t", "tmpfs", "-o", "size=1m", "tmpfs", mount]);
    try {
      const folder = join(mount, "journal");
      mkdirSync(folder);
      const recorder = await createRecorder({ folder, keys, signer, gateway: "test", retryMs: 20 });
      const ballast = join(mount, "ballast");
      writeFileSync(ballast, Buffer.alloc(700_000));
      const session = newSession();
      let accepted = 0;
      let refused = 0;
      for (let turn = 0; turn < 20; turn++) {
        // Writes of many pages: the disk fills in the middle of one.
        const answers = await Promise.all(
          Array.from({ length: 5 }, (_, n) =>
            appended(recorder, statementDraft(session, turn * 5 + n, { values: [Buffer.alloc(9_000, n)] })),
          ),
        );
        for (const answer of answers) {
          if (answer === null) accepted += 1;
          else {
            refused += 1;
            expect(answer).toMatchObject({ code: "unavailable", message: expect.stringContaining("disk is full") });
          }
        }
      }
      expect(accepted).toBeGreaterThan(0);
      expect(refused).toBeGreaterThan(0);
      expect(recorder.healthy()).toBe(false);
      rmSync(ballast);
      await expect.poll(() => recorder.healthy()).toBe(true);
      expect(await appended(recorder, statementDraft(session, 1_000))).toBeNull();
      recorder.signHead([]);
      const store = createMemoryRecordingStore();
      const feeder = createFeeder({ recorder, store });
      await feeder.drain(AbortSignal.timeout(60_000));
      await feeder.stop();
      await recorder.close();
      const lines: string[] = [];
      for await (const line of exportRecording(store)) lines.push(line);
      expect(await verifyExport(lines, { publicKey: signer.publicKey })).toMatchObject({ ok: true, unsigned: 0 });
      const bodies = (await store.entries(recorder.chain, 0, 1_000)).map((entry) => JSON.parse(entry.body));
      expect(bodies.filter((body) => body.kind === "statement")).toHaveLength(accepted + 1);
      expect(bodies.filter((body) => body.kind === "gap").reduce((sum, body) => sum + body.refused, 0)).toBe(refused);
      // What was written is what a restart reads.
      const again = await createRecorder({ folder, keys, signer, gateway: "test" });
      expect(again.tip.seq).toBe(bodies.length + 1);
      await again.close();
    } finally {
      execFileSync("umount", ["-l", mount]);
      rmSync(mount, { recursive: true, force: true });
    }
  },
);
