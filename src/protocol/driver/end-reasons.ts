import { TransportError } from "../../transport/index.js";
import type { PipeAbort } from "../../transport/pipe.js";
import { type ErrorCode, HoopError, hoopErrorFrom } from "../../vocabulary/index.js";
import { MalformedError } from "../../wire/index.js";
import type { EndReason, SessionEffect } from "../session.js";

/** Why many sessions may end in one turn. */
export const endsMany: ReadonlySet<EndReason["code"]> = new Set(["revoked", "killed", "drained"]);

const abortCodes: Readonly<Record<EndReason["code"], PipeAbort["code"]>> = {
  "client-closed": "cancelled",
  "target-closed": "unavailable",
  refused: "denied",
  killed: "denied",
  revoked: "denied",
  drained: "unavailable",
  timeout: "timeout",
  malformed: "malformed",
  limited: "limited",
  unavailable: "unavailable",
  "login-failed": "denied",
  internal: "internal",
};

/** The end of a session as its pipes are told. */
export function abortFor({ code, text }: EndReason): PipeAbort {
  return { code: abortCodes[code], text };
}

/** What a session failed by: a side that broke the protocol, or a defect of ours. */
export function reasonOf(error: unknown): EndReason {
  return error instanceof MalformedError
    ? { code: "malformed", text: error.message }
    : { code: "internal", text: "something went wrong inside the gateway" };
}

/** The effects, and the end that the session has no choice about. */
export function withEnd(effects: readonly SessionEffect[], reason: EndReason): readonly SessionEffect[] {
  return effects.some(({ kind }) => kind === "end") ? effects : [...effects, { kind: "end", reason }];
}

export function errorFrom({ code, text }: PipeAbort): HoopError {
  return new HoopError(code satisfies ErrorCode, text);
}

export function portError(error: unknown, message: string): HoopError {
  return error instanceof TransportError ? errorFrom(error.abort) : hoopErrorFrom(error, message);
}

export function stackOf(error: unknown): string {
  const stack = error instanceof Error ? (error.stack ?? error.message) : String(error);
  return stack.slice(0, 2_000);
}
