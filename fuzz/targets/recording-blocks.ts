import { newEntry } from "../../src/recording/new-entry.js";
import { packBodies, unpackBodies } from "../../src/storage/recording/packed.js";
import { encodeSealed, findSealed } from "../../src/storage/recording/sealed-block.js";
import { HoopError } from "../../src/vocabulary/index.js";
import { Finding, type FuzzTarget } from "../target.js";

const hash = Buffer.alloc(32, 7);
const body = Buffer.from(
  `{"v":1,"chain":"00000000-0000-4000-8000-000000000001","seq":1,"prev":"${"0".repeat(64)}","time":1,"kind":"warning","session":null,"text":"x"}`,
);
const packed = await packBodies([body, body]);

/** What a store's administrator may have put into a block: read back, or refused in words; never a hang, never out of bounds. */
export const recordingBlocks: FuzzTarget = {
  name: "recording-blocks",
  seeds: () => [
    packed,
    encodeSealed([{ seq: 1, hash: hash.toString("hex"), bytes: 3, sealed: Buffer.from("abc") }]),
    body,
  ],
  async run(input) {
    const found = findSealed(input, hash);
    if (found !== null && found.sealed.length > input.length)
      throw new Finding("a sealed part is longer than its block");
    const bodies = await refused(() => unpackBodies(input));
    const entry = await refused(async () => newEntry("", input));
    if (typeof entry === "object" && !entry.body.equals(input))
      throw new Finding("an entry's body is not what was given");
    return `${found !== null} ${typeof bodies === "string" ? bodies : bodies.length > 0} ${typeof entry === "string" ? entry : entry.kind}`;
  },
};

async function refused<T>(work: () => Promise<T>): Promise<T | string> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof HoopError && error.code === "precondition-failed") return "refused";
    throw error;
  }
}
