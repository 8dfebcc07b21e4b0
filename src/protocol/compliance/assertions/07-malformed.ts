import type { Side } from "../../session.js";
import type { Assertion, Candidate } from "../dialect.js";
import { memory } from "../memory.js";
import { loggedIn } from "../play.js";
import { mutated, type Random, randomBytes, randomFrom } from "../random.js";
import { allow, ComplianceError, deny, Trial, trialInit } from "../trial.js";

const rounds = 400;
const flood = 48 * 1024 * 1024;
const bound = 8 * 1024 * 1024;
const looks = 4 * 1024 * 1024;

/** Whatever comes in: a clear end, and nothing half said. */
export const malformed: Assertion = {
  number: 7,
  title: "random bytes end in MalformedError, bounded buffers and no partial send",
  check(candidate) {
    for (let seed = 1; seed <= rounds; seed++) {
      const random = randomFrom(seed);
      try {
        noise(candidate, random);
        mutation(candidate, random);
      } catch (error) {
        throw new ComplianceError(`seed ${seed}: ${error instanceof Error ? error.message : error}`, { cause: error });
      }
    }
    for (const side of ["client", "target"] as const) oversized(candidate, side);
  },
};

/** Noise from the first byte on, and noise from either side after a login. */
function noise(candidate: Candidate, random: Random): void {
  const fresh = new Trial(candidate, { target: candidate.createTarget() });
  fresh.receive("client", randomBytes(random, 1 + random(200)));
  const { trial } = loggedIn(candidate);
  trial.receive(random(2) ? "client" : "target", randomBytes(random, 1 + random(200)));
}

/** A client's own requests with bytes changed, all of them denied: nothing may get through, nor half of anything. */
function mutation(candidate: Candidate, random: Random): void {
  const { trial, target, mark } = loggedIn(candidate, {
    judge: (ask, id) => (ask.phase === "connect" ? allow(id) : deny("no")),
  });
  const requests = Array.from({ length: 4 }, () =>
    candidate.styles[random(candidate.styles.length)]!.encode(candidate.allowed),
  );
  const bytes = mutated(random, Buffer.concat(requests));
  for (let at = 0; at < bytes.length; ) {
    const end = at + 1 + random(64);
    trial.receive("client", bytes.subarray(at, end));
    at = end;
  }
  const sent = trial.bytesTo("target").subarray(mark.target);
  if (target.reached.length > 0)
    throw new ComplianceError(`the target got ${JSON.stringify(target.reached)}, all of which was denied`);
  if (candidate.unfinished(sent) > 0)
    throw new ComplianceError(`part of a message was sent to the target: ${sent.toString("hex")}`);
}

/** A message longer than any buffer may be: refused, skipped or streamed, but never kept. */
function oversized(candidate: Candidate, side: Side): void {
  const { trial } = loggedIn(candidate);
  const chunk = Buffer.alloc((candidate.init.limits ?? trialInit().limits).maxFrame, 0x41);
  trial.receive(side, candidate.oversized[side]);
  const before = memory();
  for (let fed = 0; fed < flood && !trial.over && trial.waiting(side) === 0; fed += chunk.length) {
    trial.receive(side, chunk);
    // What was passed on is no longer the session's to keep.
    for (const to of ["client", "target"] as const) trial.sent[to].length = 0;
    if (fed % looks !== 0) continue;
    const grown = memory() - before;
    if (grown > bound)
      throw new ComplianceError(`an oversized message of the ${side} makes ${grown >> 20} MiB of buffers`);
  }
}
