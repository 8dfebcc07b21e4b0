import { describe, expect, it } from "vitest";
import { postgresDialect } from "../../../../test/support/postgres-dialect.js";
import { loggedIn } from "../../../protocol/compliance/play.js";
import { allow } from "../../../protocol/compliance/trial.js";
import { detectorNames, type MaskPlan, ruleId, type ScanRule } from "../../../vocabulary/index.js";
import { encodeReadyForQuery } from "../codec/backend.js";
import { createPostgresSession } from "./session.js";

const rule: ScanRule = {
  rule: ruleId("values"),
  detect: [...detectorNames],
  patterns: [],
  mask: { method: "redact" },
  keys: false,
  bytes: false,
};
const plan: MaskPlan = {
  ...{ columns: new Map(), proven: new Set(), others: null, text: null, copy: null },
  scan: { rules: [rule], alone: true },
} as unknown as MaskPlan;

const silent = () => {
  const target = postgresDialect.createTarget();
  return {
    receive: (chunk: Buffer) => (chunk[0] === 0x51 ? Buffer.alloc(0) : target.receive(chunk)),
    reached: target.reached,
  };
};

function session() {
  const played = loggedIn(
    {
      ...postgresDialect,
      createSession: createPostgresSession,
      transcripts: [],
      denied: "",
      allowed: "",
      skip: [],
      createTarget: silent,
    },
    {
      judge: (_ask, id) => {
        const resolution = allow(id);
        if (resolution.kind !== "answer" || resolution.answer.outcome !== "allow") return resolution;
        return { kind: "answer", answer: { ...resolution.answer, masks: plan } };
      },
    },
  );
  const { trial, mark } = played;
  trial.receive("client", postgresDialect.styles[0]!.encode("select note from notes"));
  return { trial, said: () => trial.bytesTo("client").subarray(mark.client) };
}

const message = (type: string, body: Buffer): Buffer => {
  const head = Buffer.alloc(5);
  head.write(type);
  head.writeInt32BE(body.length + 4, 1);
  return Buffer.concat([head, body]);
};
const short = (...values: number[]) => Buffer.concat(values.map((value) => Buffer.from([value >> 8, value & 255])));
const word = (value: number) => {
  const bytes = Buffer.alloc(4);
  bytes.writeInt32BE(value);
  return bytes;
};
const described = message(
  "T",
  Buffer.concat([short(1), Buffer.from("note\0"), word(0), short(0), word(25), short(0xffff), word(-1), short(0)]),
);
const row = (text: string) => message("D", Buffer.concat([short(1), word(text.length), Buffer.from(text)]));
const end = Buffer.concat([message("C", Buffer.from("SELECT 1\0")), encodeReadyForQuery(0x49)]);
const hostile = (bytes: number) => "4111 1111 +49 30 1234 ".repeat(bytes / 22 + 1).slice(0, bytes);

const count = (bytes: Buffer, type: string): number => {
  let found = 0;
  for (let at = 0; at < bytes.length; at += 1 + bytes.readInt32BE(at + 1))
    if (bytes[at] === type.charCodeAt(0)) found++;
  return found;
};

/** One tick: a second one in the same moment is the next turn's. */
function turn(trial: ReturnType<typeof session>["trial"]): void {
  expect(trial.timers.has("breathe")).toBe(true);
  try {
    trial.advance(0, 1);
  } catch (error) {
    expect(String(error)).toContain("ticks without end");
  }
}

describe("cells that are dear to look at", () => {
  it("never keep the event loop for more than a few rows: the rest waits for a turn of its own", () => {
    const { trial, said } = session();
    trial.receive("target", Buffer.concat([described, ...Array.from({ length: 32 }, () => row(hostile(60_000))), end]));
    let turns = 0;
    let before = -1;
    while (!said().includes(encodeReadyForQuery(0x49))) {
      const rows = count(said(), "D");
      expect(rows - before).toBeLessThanOrEqual(4);
      expect(rows).toBeGreaterThan(before);
      before = rows;
      turns++;
      turn(trial);
    }
    expect(turns).toBeGreaterThanOrEqual(8);
    expect(count(said(), "D")).toBe(32);
  });

  it("cost nothing of that kind when they are plain", () => {
    const { trial, said } = session();
    const plain = "words that say nothing to anybody ".repeat(1_700);
    trial.receive("target", Buffer.concat([described, ...Array.from({ length: 32 }, () => row(plain)), end]));
    expect(count(said(), "Z")).toBe(1);
    expect(said().includes(plain)).toBe(true);
  });

  it("all arrive when the target goes in the middle", () => {
    const { trial, said } = session();
    trial.receive("target", Buffer.concat([described, ...Array.from({ length: 16 }, () => row(hostile(60_000)))]));
    expect(count(said(), "D")).toBeLessThan(16);
    trial.close("target");
    expect(count(said(), "D")).toBe(16);
  });
});
