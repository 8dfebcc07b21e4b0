import { describe, expect, it } from "vitest";
import { postgresDialect } from "../../../../test/support/postgres-dialect.js";
import type { ScriptedTarget } from "../../../protocol/compliance/dialect.js";
import { loggedIn } from "../../../protocol/compliance/play.js";
import { allow } from "../../../protocol/compliance/trial.js";
import type { Meter } from "../../../protocol/index.js";
import { ruleId } from "../../../vocabulary/index.js";
import { encodeOwnReport } from "../errors.js";
import { createPostgresSession } from "./session.js";

const candidate = {
  ...postgresDialect,
  createSession: createPostgresSession,
  transcripts: [],
  denied: "",
  allowed: "select 1",
  skip: [],
};

/** Lets so many rows pass. */
function meterOf(rows: number): Meter & { asked: number } {
  return {
    asked: 0,
    subjects: [],
    row() {
      this.asked++;
      return this.asked <= rows;
    },
    stopped: () => ({
      reasons: [{ rule: ruleId("exports"), code: "budget-used-up", text: "100 are used up" }],
      hint: "There is room again at noon.",
    }),
  };
}

/** A target that answers no query by itself. */
function silentTarget(): ScriptedTarget {
  const target = postgresDialect.createTarget();
  const receive = (chunk: Buffer) => (chunk[0] === 0x51 ? Buffer.alloc(0) : target.receive(chunk));
  return { receive, reached: target.reached };
}

/** A session in which one statement's rows are counted. */
function metered(rows: number, silent = false) {
  const meter = meterOf(rows);
  const ids: number[] = [];
  const played = loggedIn(silent ? { ...candidate, createTarget: silentTarget } : candidate, {
    judge: (_ask, id) => {
      ids.push(id);
      const resolution = allow(id);
      if (resolution.kind !== "answer" || resolution.answer.outcome !== "allow") return resolution;
      return { kind: "answer", answer: { ...resolution.answer, meter } };
    },
  });
  const said = () => played.trial.bytesTo("client").subarray(played.mark.client);
  return { ...played, meter, said, ids };
}

const types = (bytes: Buffer): string => {
  let all = "";
  for (let at = 0; at < bytes.length; at += 1 + bytes.readInt32BE(at + 1)) all += String.fromCharCode(bytes[at]!);
  return all;
};

describe("a reply that a budget ends", () => {
  it.each(postgresDialect.styles.map((style, at) => [at, style] as const))(
    "withholds the row, says so once in its turn, and that the target had finished (%i)",
    (_, { encode }) => {
      const { trial, said } = metered(0);
      trial.receive("client", encode("select 1"));
      const shown = types(said());
      expect(shown).not.toContain("D");
      expect(shown).not.toContain("C");
      expect(shown.endsWith("EZ")).toBe(true);
      expect(said().toString("utf8")).toMatch(
        /C53400\0Mhoop: 100 are used up\0.*was carried out.*Rule: exports\0H.*noon/s,
      );
      // It was over in the same bytes: nothing is cancelled.
      expect(trial.wishes.some((wish) => wish.startsWith("aside"))).toBe(false);
      expect(trial.over).toBe(false);
    },
  );

  it("passes what fits exactly, as if nobody had counted, and one row less than that is the limit", () => {
    const run = (rows: number) => {
      const { trial, said, meter } = metered(rows);
      trial.receive("client", postgresDialect.styles[0]!.encode("select 1"));
      return { shown: types(said()), asked: meter.asked };
    };
    const whole = run(Number.POSITIVE_INFINITY);
    expect(whole.shown).toMatch(/^TD+CZ$/);
    expect(run(whole.asked)).toEqual(whole);
    expect(run(whole.asked - 1).shown).toBe(whole.shown.replace("DC", "E"));
  });

  it.each([
    ["finished", "C", /was carried out/],
    ["cancelled", "E", /^(?!.*was carried out)/s],
  ] as const)("cancels what goes on, and ends the turn when no cancel is on its way (%s)", (_, end, words) => {
    const replies = replyOf("select 1");
    const { trial, said, ids } = metered(0, true);
    trial.receive("client", postgresDialect.styles[0]!.encode("select 1"));
    trial.receive("target", Buffer.concat(replies.slice(0, 2)));
    expect(trial.wishes.filter((wish) => wish.startsWith("aside"))).toHaveLength(1);
    expect(types(said())).toBe("T");
    trial.receive(
      "target",
      end === "C" ? Buffer.concat(replies.slice(-2)) : Buffer.concat([canceled, replies.at(-1)!]),
    );
    // A cancel that has not arrived might hit the next statement.
    expect(types(said())).toBe(end === "C" ? "T" : "TEZ");
    trial.resolve(ids.at(-1)! + 1, { kind: "done" });
    expect(types(said())).toBe("TEZ");
    expect(said().toString("utf8")).toMatch(words);
  });
});

const canceled = encodeOwnReport({ severity: "ERROR", code: "57014", message: "canceled" });

/** The messages with which the scripted target answers. */
function replyOf(text: string): Buffer[] {
  const { trial, said } = metered(Number.POSITIVE_INFINITY);
  trial.receive("client", postgresDialect.styles[0]!.encode(text));
  const bytes = said();
  const all: Buffer[] = [];
  for (let at = 0; at < bytes.length; at += all.at(-1)!.length)
    all.push(bytes.subarray(at, at + 1 + bytes.readInt32BE(at + 1)));
  return all;
}
