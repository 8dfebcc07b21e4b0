import type { Dialect } from "../../src/protocol/compliance/dialect.js";
import { mutated, type Random } from "../../src/protocol/compliance/random.js";
import type { Transcript } from "../../src/protocol/compliance/transcript.js";
import { allow, deny, Trial } from "../../src/protocol/compliance/trial.js";
import type { CreateSession, Resolution, Side } from "../../src/protocol/index.js";
import { HoopError } from "../../src/vocabulary/index.js";
import { Finding, type FuzzTarget, kindOf } from "../target.js";

const texts = ["select 1", "drop table users", "select name, card, note from people", ""];

/**
 * A session between a client that sends the input in random pieces and a target that answers, at times wrongly, while the
 * gate answers when it likes and sides leave. What reaches the target was allowed, all of it.
 */
export function sessionTarget(
  name: string,
  createSession: CreateSession,
  dialect: Dialect,
  transcripts: readonly Transcript[],
  frames: (bytes: Buffer) => readonly Buffer[],
): FuzzTarget {
  const recorded = (from: Side) =>
    transcripts.map(({ events }) => {
      const ready = events.findIndex((event) => event.kind === "ready");
      const later = events.slice(Math.max(0, ready));
      return Buffer.concat(
        later.flatMap((event) => (event.kind === "bytes" && event.from === from ? [event.bytes] : [])),
      );
    });
  const seeds = [...dialect.styles.flatMap(({ encode }) => texts.map(encode)), ...recorded("client")];
  const pieces = seeds.flatMap(frames);
  const lines = recorded("target").filter((bytes) => bytes.length > 0);
  return {
    name,
    seeds: () => seeds,
    mutate: (input, random) => changedScript(frames(input), pieces, random),
    run(input, random) {
      const candidate = { ...dialect, createSession, transcripts: [], denied: "", allowed: "", skip: [] };
      const target = dialect.createTarget();
      const allowed = new Set<string>();
      const hasLogin = random(16) > 0;
      const trial = new Trial(candidate, {
        target,
        masks: random(2) ? dialect.masked.plan : null,
        judge: (ask, id) => {
          const resolution: Resolution | "hold" =
            ask.phase === "connect"
              ? allow(id)
              : choose(random, () =>
                  allow(id, random(2) ? dialect.masked.plan : null, { changesContext: random(3) === 0 }),
                );
          if (resolution !== "hold" && isAllowed(resolution)) allowed.add(ask.text);
          return resolution;
        },
      });
      if (hasLogin) for (const chunk of dialect.hello) trial.receive("client", chunk);
      for (let at = 0; !trial.over && at < input.length; ) at = step(trial, random, input, at, lines, allowed);
      for (const { id } of [...trial.open.values()]) if (!trial.over) trial.resolve(id, deny("over"));
      trial.close("client");
      trial.advance(60_000);
      const unasked = target.reached.find((text) => !allowed.has(text) && !dialect.own(text));
      if (unasked !== undefined) throw new Finding(`the target got what nobody allowed: ${JSON.stringify(unasked)}`);
      if (!trial.over) throw new Finding("the session does not end though its client left a minute ago");
      if (trial.ended && trial.open.size > 0) throw new Finding("an ask is left open");
      if (trial.ended) trial.afterEnd();
      return trial.malformed
        ? kindOf(trial.malformed)
        : `${trial.ended?.code} ${trial.asks.length} ${trial.notes.length} ${trial.wishes.length}`;
    },
  };
}

/** Whole messages put in, taken out, doubled and exchanged; at times one of them is broken. */
function changedScript(script: readonly Buffer[], pieces: readonly Buffer[], random: Random): Buffer {
  const out = [...script];
  for (let changes = 1 + random(5); changes > 0; changes--) {
    const at = random(out.length + 1);
    const piece = pieces[random(pieces.length)]!;
    const kind = random(10);
    if (kind < 4) out.splice(at, 0, piece);
    else if (kind < 6) out.splice(at, 1);
    else if (kind === 6) out.splice(at, 1, piece);
    else if (kind === 7 && at < out.length) out.splice(at, 0, out[at]!);
    else if (kind === 8) out.splice(at, 0, ...pieces.slice(random(pieces.length)).slice(0, 6));
    else if (at < out.length && random(4) === 0) out[at] = mutated(random, out[at]!);
  }
  return Buffer.concat(out.slice(0, 64));
}

function isAllowed(resolution: Resolution): boolean {
  return resolution.kind === "answer" && resolution.answer.outcome === "allow";
}

function choose(random: Random, yes: () => Resolution): Resolution | "hold" {
  const kind = random(8);
  if (kind < 4) return yes();
  if (kind < 6) return "hold";
  return kind === 6 ? deny("no") : { kind: "failed", error: new HoopError("unavailable", "the gate is away") };
}

function step(
  trial: Trial,
  random: Random,
  input: Buffer,
  at: number,
  lines: readonly Buffer[],
  allowed: Set<string>,
): number {
  const kind = random(24);
  if (kind < 14) {
    const end = at + 1 + random(random(3) ? 200 : 8);
    trial.receive("client", input.subarray(at, end));
    return end;
  }
  const open = [...trial.open.values()][0];
  if (kind < 18 && open) {
    const resolution = random(2) ? allow(open.id) : deny("no");
    if (isAllowed(resolution)) allowed.add(open.ask.text);
    trial.resolve(open.id, resolution);
  } else if (kind === 18 && lines.length > 0 && trial.wishes.includes("dial")) {
    if (random(4) === 0) trial.receive("target", mutated(random, lines[random(lines.length)]!));
  } else if (kind === 19) trial.advance(random(20_000));
  else if (kind === 20) trial.control({ kind: "cancel" });
  else if (kind === 21) trial.control({ kind: "rejudge" });
  else if (kind === 22) trial.control({ kind: "notice", text: "a line" });
  else if (kind === 23 && random(4) === 0) {
    const end = random(3);
    if (end === 0) trial.control({ kind: "end", reason: { code: "killed", text: "ended" } });
    else trial.close(end === 1 ? "client" : "target", new HoopError("unavailable", "gone"));
  }
  return at;
}
