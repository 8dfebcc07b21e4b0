import type { ErrorCode } from "../vocabulary/index.js";

/** What `hoop` answers to the shell; shown by `hoop --help`, so a number never changes its meaning. */
export const exitCodes = {
  ok: { code: 0, text: "done" },
  failed: { code: 1, text: "something went wrong; the message says what" },
  usage: { code: 2, text: "the command line or a file given to it is not right" },
  login: { code: 3, text: "not logged in, or the login has expired" },
  denied: { code: 4, text: "this user may not do that" },
  missing: { code: 5, text: "there is no such thing" },
  conflict: { code: 6, text: "it exists already, runs already, or was changed meanwhile" },
  unavailable: { code: 7, text: "the gateway, the tunnel or a target cannot be reached" },
  finding: { code: 8, text: "it was looked at and is not in order (audit verify, tunnel doctor, connections test)" },
  cancelled: { code: 130, text: "cancelled" },
} as const;

/** The exit code for an error of ours. */
export function exitCodeOf(code: ErrorCode): number {
  return exitCodes[byError[code]].code;
}

const byError: Readonly<Record<ErrorCode, keyof typeof exitCodes>> = {
  invalid: "usage",
  unauthenticated: "login",
  denied: "denied",
  "not-found": "missing",
  conflict: "conflict",
  "precondition-failed": "failed",
  "too-large": "failed",
  limited: "unavailable",
  malformed: "failed",
  unsupported: "failed",
  unavailable: "unavailable",
  timeout: "unavailable",
  cancelled: "cancelled",
  internal: "failed",
};
