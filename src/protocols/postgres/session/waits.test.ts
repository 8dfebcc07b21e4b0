import { describe, expect, it } from "vitest";
import { postgresDialect } from "../../../../test/support/postgres-dialect.js";
import { loggedIn } from "../../../protocol/compliance/play.js";
import { allow, Trial } from "../../../protocol/compliance/trial.js";
import { createPostgresSession } from "./session.js";
import { isBinary, shownValue } from "./shown-values.js";
import { TextCodec } from "./text.js";

const candidate = {
  ...postgresDialect,
  createSession: createPostgresSession,
  transcripts: [],
  denied: "",
  allowed: "select 1",
  skip: [],
};
const link = "https://hoop.test/reviews/lusab";
const waiting = { for: "hold", text: 'held by rule "r": waiting for 1 approval of dba', link, id: "lusab" } as const;
const [simple, extended] = postgresDialect.styles.map(({ encode }) => encode);

/** A session whose next statement waits for people. */
function heldSession(bytes: Buffer, phase: "statement" | "execute" = "statement") {
  const { trial, target, mark } = loggedIn(candidate, {
    judge: (ask, id) => (ask.phase === phase && ask.text === "delete" ? "hold" : allow(id)),
  });
  trial.receive("client", bytes);
  const [id] = trial.open.keys();
  if (id === undefined) throw new Error("nothing is held");
  trial.waits(id, waiting);
  const said = (): string => trial.bytesTo("client").subarray(mark.client).toString("utf8");
  return { trial, target, id, said };
}

const times = (text: string): number => text.split(link).length - 1;

describe("a client that waits for people", () => {
  it("is told at once and every half minute, with what is missing, until it waits no more", () => {
    const { trial, id, said } = heldSession(simple!("delete"));
    expect(said()).toContain(`${waiting.text}: ${link} (Ctrl-C withdraws)`);
    expect(said()).toContain("SNOTICE\0");
    trial.advance(29_000);
    expect(times(said())).toBe(1);
    trial.advance(62_000);
    expect(times(said())).toBe(4);
    trial.waits(id, waiting);
    expect(times(said())).toBe(4);
    trial.waits(id, { ...waiting, text: "waiting for 1 more" });
    expect(times(said())).toBe(5);
    trial.resolve(id, allow(id));
    expect(trial.timers.size).toBe(0);
    trial.advance(120_000);
    expect(times(said())).toBe(5);
  });

  it("is told how long it may still wait, each time anew, where that ends", () => {
    const { trial, id, said } = heldSession(simple!("delete"));
    const until = trial.now + 61 * 60_000;
    trial.waits(id, { ...waiting, text: "waiting for 1", until });
    expect(said()).toContain(`waiting for 1: ${link} (Ctrl-C withdraws; undecided it ends in 1 hour 1 minute)`);
    trial.advance(30_000);
    trial.advance(31_000);
    expect(said()).toContain("undecided it ends in 1 hour)");
    trial.advance(60 * 60_000 - 40_000);
    expect(said()).toMatch(/ends in \d+ seconds\)/);
    trial.waits(id, {
      for: "challenge",
      text: "asks for your second factor at",
      link,
      id: "x",
      until: trial.now + 5_000,
    });
    expect(said()).toContain(`${link} (Ctrl-C gives up; unanswered it ends in 5 seconds)`);
  });

  it("has what it sent before answered meanwhile", () => {
    const { trial, target, said } = heldSession(
      Buffer.concat([extended!("select 1").subarray(0, -5), extended!("delete")]),
      "execute",
    );
    expect(target.reached).toContain("select 1");
    // Rows of the first statement, while the second waits and no Sync has come.
    expect(said()).toContain("select 1");
    expect(trial.over).toBe(false);
  });

  it.each([
    ["cancelled", (trial: Trial) => trial.control({ kind: "cancel" })],
    ["disconnected", (trial: Trial) => trial.close("client")],
    ["restarted", (trial: Trial) => trial.close("target")],
    [
      "restarted",
      (trial: Trial) =>
        trial.control({ kind: "end", reason: { code: "drained", text: "the gateway is shutting down" } }),
    ],
  ] as const)("withdraws (%s)", (why, end) => {
    const { trial, id, said } = heldSession(simple!("delete"));
    end(trial);
    expect(trial.wishes).toContain(`withdraw ${id} ${why}`);
    if (why === "cancelled") expect(said()).toMatch(/C57014\0.*DReview lusab is withdrawn\./s);
    if (why === "restarted") expect(said()).toMatch(/review lusab, which goes on without it.*very same again/s);
    expect(trial.timers.has("waits")).toBe(false);
  });

  it("is told which review goes on without it, before the target's own last words", () => {
    const { trial, said } = heldSession(simple!("delete"));
    const words = "SFATAL\0VFATAL\0C57P01\0Mterminating connection due to administrator command\0\0";
    const frame = Buffer.concat([Buffer.from("E\0\0\0\0"), Buffer.from(words)]);
    frame.writeInt32BE(frame.length - 1, 1);
    trial.receive("target", frame);
    trial.close("target");
    const [before, after] = said().split("SFATAL\0");
    expect(before).toMatch(
      /SNOTICE\0.*Mhoop: the target ends this session\0DIt waited for review lusab.*very same again/s,
    );
    expect(after).toContain("C57P01\0Mterminating connection due to administrator command\0");
    expect(said().split("SFATAL\0")).toHaveLength(2);
    expect(trial.timers.has("waits")).toBe(false);
  });

  it("whose transaction is not known yet is asked about again when it is", () => {
    let asked = 0;
    const { trial } = loggedIn(candidate, {
      judge: (ask, id) => {
        if (ask.phase !== "execute") return allow(id);
        asked++;
        expect(ask.context.unsettled).toBe(asked === 1 ? true : undefined);
        if (asked === 1)
          return { kind: "answer", answer: { outcome: "deny", reasons: [], analysis: null, again: true } };
        return allow(id);
      },
    });
    trial.receive("client", extended!("select 2"));
    expect(asked).toBe(2);
    expect(trial.bytesTo("client").toString("latin1")).toContain("select 2");
  });
});

describe("an access that waits for people", () => {
  function atTheDoor() {
    const trial = new Trial(candidate, {
      init: { asksToConnect: true },
      target: candidate.createTarget(),
      judge: (ask, id) => (ask.phase === "connect" ? "hold" : allow(id)),
    });
    for (const chunk of candidate.hello) trial.receive("client", chunk);
    const [id] = trial.open.keys();
    return { trial, id: id!, said: () => trial.bytesTo("client").toString("latin1") };
  }

  it("is accepted first, then told, and only then dialled", () => {
    const { trial, id, said } = atTheDoor();
    expect(said()).toBe("R\0\0\0\x08\0\0\0\0");
    expect(trial.wishes).toEqual([]);
    trial.waits(id, waiting);
    expect(said()).toMatch(/Shoop|SNOTICE/);
    expect(said()).toContain("connect_timeout");
    trial.advance(30_000);
    expect(times(said())).toBe(2);
    trial.resolve(id, allow(id));
    expect(trial.wishes).toContain("dial");
    // One AuthenticationOk, however the target logs us in.
    expect(said().split("R\0\0\0\x08\0\0\0\0")).toHaveLength(2);
    expect(said().endsWith("Z\0\0\0\x05I")).toBe(true);
    trial.receive("client", simple!("select 1"));
    expect(said()).toContain("select 1");
  });

  it("ends in words when it is denied, and reaches nobody", () => {
    const { trial, id, said } = atTheDoor();
    const reasons = [{ rule: null, code: "review-denied", text: "grace denied review lusab" }];
    trial.resolve(id, { kind: "answer", answer: { outcome: "deny", reasons, analysis: null, hint: "See there." } });
    expect(said()).toMatch(/SFATAL.*C28000.*hoop: grace denied review lusab.*See there\./s);
    expect(trial.wishes).toEqual([]);
    expect(trial.ended?.code).toBe("refused");
  });

  it.each([
    ["disconnected", (trial: Trial) => trial.close("client")],
    ["disconnected", (trial: Trial) => trial.control({ kind: "end", reason: { code: "revoked", text: "gone" } })],
    ["restarted", (trial: Trial) => trial.control({ kind: "end", reason: { code: "drained", text: "gone" } })],
  ] as const)("withdraws (%s)", (why, end) => {
    const { trial, id } = atTheDoor();
    trial.waits(id, waiting);
    end(trial);
    expect(trial.wishes).toEqual([`withdraw ${id} ${why}`]);
    expect(trial.ended).not.toBeNull();
  });
});

describe("bind values for people", () => {
  const codec = new TextCodec("UTF8");
  const long = Buffer.alloc(8);
  long.writeBigInt64BE(-5n);
  it.each([
    ["text", 0, false, Buffer.from("é"), "é"],
    ["int4", 23, true, Buffer.from([0, 0, 0, 42]), "42"],
    ["int8", 20, true, long, "-5"],
    ["boolean", 16, true, Buffer.from([1]), "true"],
    ["date", 1082, true, Buffer.from([0, 0, 0, 31]), "2000-02-01"],
    ["timestamptz", 1184, true, Buffer.alloc(8), "2000-01-01T00:00:00.000Z"],
    [
      "uuid",
      2950,
      true,
      Buffer.from("00112233445566778899aabbccddeeff", "hex"),
      "00112233-4455-6677-8899-aabbccddeeff",
    ],
    ["jsonb", 3802, true, Buffer.from("\x01{}"), "{}"],
    ["a type that is not known", 0, true, Buffer.from([1, 2]), "\\x0102"],
    ["an int4 of a wrong length", 23, true, Buffer.from([1]), "\\x01"],
  ])("%s", (_name, type, binary, value, shown) => {
    expect(shownValue(value, type, binary, codec)).toBe(shown);
  });

  it("formats count for all, for each, or not at all", () => {
    const one = Buffer.from([0, 1]);
    expect([isBinary(Buffer.alloc(0), 3), isBinary(one, 3)]).toEqual([false, true]);
    const two = Buffer.from([0, 0, 0, 1]);
    expect([isBinary(two, 0), isBinary(two, 1), isBinary(two, 2)]).toEqual([false, true, false]);
  });
});
