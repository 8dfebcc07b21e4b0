import { createSecretKey, generateKeyPairSync, randomBytes, sign } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createRecorder } from "../../src/recording/index.js";

/** A real recorder with its journal in a temporary folder, which `close` takes away. `group`: statements that share a write, at most. */
export async function startBenchRecorder(group?: number) {
  const folder = mkdtempSync(join(tmpdir(), "hoop-bench-"));
  const key = createSecretKey(randomBytes(32));
  const pair = generateKeyPairSync("ed25519");
  const recorder = await createRecorder({
    folder,
    keys: { current: () => ({ id: "00000000-0000-4000-8000-000000000000", key }), byId: async () => key },
    signer: {
      publicKey: pair.publicKey.export({ format: "pem", type: "spki" }).toString(),
      sign: (bytes) => sign(null, bytes, pair.privateKey),
    },
    gateway: "bench",
    keepBytes: 0,
    group,
  });
  async function close(): Promise<void> {
    await recorder.close();
    rmSync(folder, { recursive: true, force: true });
  }
  return { recorder, close };
}
