import { execFile, spawn } from "node:child_process";
import { createPublicKey, createSecretKey, generateKeyPairSync, sign } from "node:crypto";
import { once } from "node:events";
import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { promisify } from "node:util";
import { afterAll, beforeAll, expect, it } from "vitest";
import { createRecorder, exportRecording, journalSource, verifyExport } from "../../src/recording/index.js";
import { testFolder } from "./support.js";

const root = resolve(import.meta.dirname, "../..");
const out = join(root, ".cache", "test-recording");
const { privateKey } = generateKeyPairSync("ed25519");
const publicKey = createPublicKey(privateKey).export({ format: "pem", type: "spki" }).toString();
const folders: string[] = [];

beforeAll(async () => {
  mkdirSync(out, { recursive: true });
  writeFileSync(
    join(out, "tsconfig.json"),
    JSON.stringify({
      extends: join(root, "tsconfig.base.json"),
      compilerOptions: { rootDir: root, outDir: out, sourceMap: false },
      files: [join(root, "test/recording/crash-writer.ts")],
    }),
  );
  await promisify(execFile)(join(root, "node_modules", ".bin", "tsc"), ["-p", join(out, "tsconfig.json")]);
});

afterAll(() => {
  for (const folder of folders) rmSync(folder, { recursive: true, force: true });
});

/** Runs the writer for a while and kills it with -9. Answers how many statements it knew to be recorded. */
async function writeAndKill(folder: string, mode: string, forMs: number): Promise<number> {
  const key = privateKey.export({ format: "der", type: "pkcs8" }).toString("base64");
  const child = spawn(process.execPath, [join(out, "test/recording/crash-writer.js"), folder, key, mode], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  let said = "";
  child.stdout.setEncoding("utf8").on("data", (text: string) => {
    said = (said + text).slice(-200);
  });
  const closed = once(child, "close");
  while (said === "") await sleep(5);
  await sleep(forMs);
  child.kill("SIGKILL");
  await closed;
  // The last line may be torn like everything else.
  return Number(said.split("\n").at(-2) ?? 0);
}

it.each([["journal"], ["sync"]])("loses no answered entry to kill -9, again and again (%s)", async (mode) => {
  const folder = testFolder();
  folders.push(folder);
  let atLeast = 0;
  for (let round = 0; round < 4; round++) {
    const answered = await writeAndKill(folder, mode, 100 + round * 137);
    expect(answered).toBeGreaterThan(0);
    atLeast += answered;
  }
  const key = createSecretKey(Buffer.alloc(32, 7));
  const recorder = await createRecorder({
    folder,
    keys: { current: () => ({ id: "00000000-0000-4000-8000-000000000000", key }), byId: async () => key },
    signer: { publicKey, sign: (bytes) => sign(null, bytes, privateKey) },
    gateway: "after",
  });
  recorder.signHead([]);
  await recorder.close();

  const lines: string[] = [];
  for await (const line of exportRecording(journalSource(folder), { payloads: { byId: async () => key } }))
    lines.push(line);
  const report = await verifyExport(lines, { publicKey });
  expect(report).toMatchObject({ ok: true, fault: null, unsigned: 0 });
  const statements = lines.filter((line) => line.includes('\\"kind\\":\\"statement\\"')).length;
  expect(statements).toBeGreaterThanOrEqual(atLeast);
  // Every statement has its values: the payload came before its entry, or with it.
  expect(report.payloads).toBe(statements * 2);
});
