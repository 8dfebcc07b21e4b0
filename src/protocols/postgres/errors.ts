import type { EndReason, SessionInit, Stopped } from "../../protocol/index.js";
import type { HoopError, Reason } from "../../vocabulary/index.js";
import { encodeReport } from "./codec/backend.js";

/** What an ErrorResponse or NoticeResponse of our own says. */
export interface Report {
  readonly severity: "ERROR" | "FATAL" | "NOTICE" | "WARNING";
  readonly code: string;
  readonly message: string;
  readonly detail?: string | undefined;
  readonly hint?: string | undefined;
}

/** SQLSTATEs that we answer with. */
export const sqlState = {
  insufficientPrivilege: "42501",
  queryCanceled: "57014",
  protocolViolation: "08P01",
  programLimitExceeded: "54000",
  configurationLimitExceeded: "53400",
  invalidCursorName: "34000",
  invalidAuthorization: "28000",
  featureNotSupported: "0A000",
  internalError: "XX000",
  characterNotInRepertoire: "22021",
} as const;

export function encodeOwnReport(report: Report): Buffer {
  const fields: [string, string][] = [
    ["S", report.severity],
    ["V", report.severity],
    ["C", report.code],
    ["M", report.message],
  ];
  if (report.detail !== undefined) fields.push(["D", report.detail]);
  if (report.hint !== undefined) fields.push(["H", report.hint]);
  const isError = report.severity === "ERROR" || report.severity === "FATAL";
  return encodeReport(isError ? "error" : "notice", fields);
}

/** A denial in the words of its reasons: the first is the message, the others the detail. */
export function denialReport(reasons: readonly Reason[], hint?: string): Report {
  const [first, ...others] = reasons;
  const rule = first?.rule == null ? undefined : `Rule: ${first.rule}`;
  const detail = [...others.map((reason) => reason.text), rule].filter((line) => line !== undefined).join("\n");
  return {
    severity: "ERROR",
    code: denialCodes[first?.code ?? ""] ?? sqlState.insufficientPrivilege,
    message: `hoop: ${first?.text ?? "this statement is not allowed"}`,
    detail: detail === "" ? undefined : detail,
    hint: hint === undefined ? notForwarded : `${notForwarded} ${hint}`,
  };
}

const notForwarded = "The statement did not reach the target.";

/** A reply was ended in the middle. `carriedOut`: the target had finished the statement before it could be stopped. */
export function stoppedReport({ reasons, hint }: Stopped, carriedOut: boolean): Report {
  const [first, ...others] = reasons;
  const done = carriedOut ? ["The statement itself was carried out; the rest of its result is withheld."] : [];
  const rule = first?.rule == null ? [] : [`Rule: ${first.rule}`];
  return {
    severity: "ERROR",
    code: sqlState.configurationLimitExceeded,
    message: `hoop: ${first?.text ?? "a budget is used up"}`,
    detail: [...others.map(({ text }) => text), "The result ends here.", ...done, ...rule].join("\n"),
    hint,
  };
}

/** SQLSTATEs of refusals that are not about rights, by the reason's code. Those of class 40 say: roll back and try again. */
const denialCodes: Readonly<Record<string, string>> = {
  "hold-in-transaction": "40001",
  "transaction-too-long": "40001",
  "review-changed": "40001",
  "review-not-usable": "40001",
  "transaction-failed": "25P02",
  "too-many-held": "53000",
  "review-limited": "53000",
  "challenge-limited": "53000",
  "budget-used-up": sqlState.configurationLimitExceeded,
  "budget-unknown": sqlState.configurationLimitExceeded,
  "too-long-to-review": sqlState.programLimitExceeded,
  "review-unavailable": "58000",
  "challenge-unavailable": "58000",
};

const endCodes: Readonly<Record<EndReason["code"], string>> = {
  "client-closed": "08006",
  "target-closed": "08006",
  refused: sqlState.invalidAuthorization,
  killed: "57P01",
  revoked: "57P01",
  drained: "57P01",
  timeout: "57P05",
  malformed: sqlState.protocolViolation,
  limited: "53300",
  unavailable: "57P03",
  "login-failed": sqlState.invalidAuthorization,
  internal: sqlState.internalError,
};

/** The last words to a client. */
export function endReport(reason: EndReason, hint?: string): Report {
  return { severity: "FATAL", code: endCodes[reason.code], message: `hoop: ${reason.text}`, hint };
}

const refusalCodes: Readonly<Record<NonNullable<SessionInit["refusal"]>["code"], string>> = {
  denied: sqlState.invalidAuthorization,
  unauthenticated: sqlState.invalidAuthorization,
  unavailable: "57P03",
  limited: "53300",
};

export function refusalReport(refusal: NonNullable<SessionInit["refusal"]>): Report {
  return { severity: "FATAL", code: refusalCodes[refusal.code], message: `hoop: ${refusal.text}`, hint: refusal.hint };
}

/** Why the session ended, from an error of a port or of the login. */
export function endReasonFrom(error: HoopError, fallback: EndReason["code"]): EndReason {
  const codes: Partial<Record<HoopError["code"], EndReason["code"]>> = {
    timeout: "timeout",
    limited: "limited",
    "too-large": "limited",
    malformed: "malformed",
    internal: "internal",
    unavailable: "unavailable",
  };
  return { code: codes[error.code] ?? fallback, text: error.message };
}

/**
 * The target's refusal of our login in our own words: a hostile target knows what we sent, and must not be able to show it
 * to the client by way of an error text.
 */
export function loginRefusal(code: string, user: string, database: string): Report {
  const words: Readonly<Record<string, string>> = {
    "28P01": `the target did not accept the credential stored for "${user}"`,
    "28000": `the target does not let "${user}" in from here (its pg_hba.conf or role says so)`,
    "3D000": `database "${database}" does not exist at the target`,
    "42501": `"${user}" may not connect to database "${database}" at the target, or not set one of the startup parameters there`,
    "53300": "the target has no connection free",
    "57P03": "the target is starting up, shutting down or recovering",
    "55000": `database "${database}" does not accept connections at the target`,
    "22023": "the target does not know one of the startup parameters, or not that value of it",
    "42704": "the target does not know one of the startup parameters",
  };
  const state = /^[0-9A-Z]{5}$/.test(code) ? code : sqlState.internalError;
  return {
    severity: "FATAL",
    code: state,
    message: `hoop: ${words[state] ?? `the target refused the session (SQLSTATE ${state})`}`,
  };
}
