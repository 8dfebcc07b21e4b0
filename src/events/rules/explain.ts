import { durationText } from "../../policy/documents/duration.js";
import { explainSelector } from "../../policy/selector.js";
import { joinAnd, joinOr } from "../../policy/words.js";
import type { Action } from "./actions.js";
import type { ReactionSpec } from "./schema.js";

/** A rule as a sentence. */
export function explainReaction(spec: ReactionSpec): string {
  const by = joinAnd((spec.by ?? ["subject"]).map((field) => `one ${field}`));
  const parts = [
    `When ${joinOr(spec.on)} happens`,
    spec.who ? ` to a subject that is ${explainSelector(spec.who, "anybody")}` : "",
    spec.where ? ` on a connection that is ${explainSelector(spec.where, "any")}` : "",
    spec.statement ? ` for a statement that ${explainSelector(spec.statement, "is any")}` : "",
    spec.when ? ` and ${spec.when}` : "",
    spec.count ? ` ${spec.count.atLeast} times within ${durationText(spec.count.within)} for ${by}` : "",
    `: ${spec.then.map(explainAction).join(", then ")}`,
    spec.quiet ? `; not again for ${durationText(spec.quiet)} for ${by}` : "",
    spec.mode === "shadow" ? ". In shadow mode: nothing is done" : spec.mode === "off" ? ". It is off" : "",
    ".",
  ];
  return parts.join("");
}

const whose = (scope: "session" | "subject") => (scope === "session" ? "the session" : "the subject's sessions");

function explainAction({ kind, data }: Action): string {
  switch (kind) {
    case "pause":
      return `pause ${whose(data.scope)} until somebody releases it, for ${durationText(data.for ?? defaultPauseMs)} at most`;
    case "kill":
      return `end ${whose(data.scope)}`;
    case "requireReview":
      return `hold what the subject asks for ${durationText(data.for)}, for ${data.hold.approvals.map(({ count, groups }) => `${count} of ${joinOr(groups)}`).join(" and ")}`;
    case "tightenMasks":
      return `mask ${data.columns === undefined ? "every column" : joinAnd(data.columns)} for the subject for ${durationText(data.for)}`;
    case "revoke":
      return `revoke the subject's ${joinAnd(data.what)}`;
    case "run":
      return `run ${data.runbook} as ${data.as === "subject" ? "the subject" : data.as.machine}`;
    case "notify":
      return `tell ${data.receiver}`;
    case "openReview":
      return `open a review of the access for ${data.hold.approvals.map(({ count, groups }) => `${count} of ${joinOr(groups)}`).join(" and ")}`;
  }
}

export const defaultPauseMs = 30 * 60_000;
