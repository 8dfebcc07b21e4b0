// Records at full rate until it is killed; says on stdout, after each turn, how many statements were answered.
import { createPrivateKey, createPublicKey, createSecretKey, sign } from "node:crypto";
import { writeSync } from "node:fs";
import { createRecorder } from "../../src/recording/index.js";
import { newSession, statementDraft } from "./support.js";

const [folder = "", signingKey = "", sync = ""] = process.argv.slice(2);
const key = createSecretKey(Buffer.alloc(32, 7));
const privateKey = createPrivateKey({ key: Buffer.from(signingKey, "base64"), format: "der", type: "pkcs8" });
const recorder = await createRecorder({
  folder,
  keys: { current: () => ({ id: "00000000-0000-4000-8000-000000000000", key }), byId: async () => key },
  signer: {
    publicKey: createPublicKey(privateKey).export({ format: "pem", type: "spki" }).toString(),
    sign: (bytes) => sign(null, bytes, privateKey),
  },
  gateway: "crash-writer",
  sync: sync === "sync",
  segmentBytes: 1 << 20,
});

const session = newSession();
let sent = 0;
let answered = 0;
function turn(): void {
  for (let i = 0; i < 20; i++) {
    sent += 1;
    const n = sent;
    // Values of every size, so that the kill finds writes of every size; now and then one of its own file.
    const values = [Buffer.alloc(n % 5_000 === 0 ? 400_000 : (n * 37) % 3_000, n)];
    recorder.append(statementDraft(session, n, { values }), (error) => {
      if (error === null) answered += 1;
    });
  }
  writeSync(1, `${answered}\n`);
  if (sent % 1_000 === 0) recorder.signHead([]);
  setImmediate(turn);
}
turn();
