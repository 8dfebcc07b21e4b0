import * as oidc from "openid-client";
import { HoopError } from "../../vocabulary/index.js";
import type { OidcSettings } from "./settings.js";

/** What a provider answers when the person may no longer be let in without signing in there again. */
const refusals = new Set([
  "invalid_grant",
  "access_denied",
  "interaction_required",
  "login_required",
  "consent_required",
  "account_selection_required",
]);
/** What means that our own registration there is wrong. */
const ours = new Set(["invalid_client", "unauthorized_client", "unsupported_grant_type", "invalid_scope"]);

export interface Failure {
  readonly error: HoopError;
  /** The provider said no to the person; anything else is an outage. */
  readonly refused: boolean;
}

/** What the library threw, in our words. Whatever cannot be told apart is an outage: it lets nobody in, and ends nothing. */
export function failure({ title }: Pick<OidcSettings, "title">, cause: unknown): Failure {
  if (cause instanceof HoopError) return { error: cause, refused: false };
  const inner = hoopCause(cause);
  if (cause instanceof oidc.ResponseBodyError) {
    const { error, status } = cause;
    if (refusals.has(error)) return { error: said(title, error, cause), refused: true };
    if (ours.has(error) || status === 401)
      return {
        error: new HoopError("unavailable", `${title} does not accept Hoop itself (${clean(error)})`, {
          hint: "ask an admin: is the client secret right, and still valid?",
          cause,
        }),
        refused: false,
      };
    return { error: away(title, cause, inner), refused: false };
  }
  if (cause instanceof oidc.AuthorizationResponseError) {
    const refused = refusals.has(cause.error);
    return { error: refused ? said(title, cause.error, cause) : away(title, cause, inner), refused };
  }
  if (inner !== null) return { error: away(title, cause, inner), refused: false };
  if (cause instanceof oidc.ClientError || cause instanceof Error)
    return { error: judged(title, cause as Error & { code?: string }), refused: false };
  return { error: away(title, cause, null), refused: false };
}

const outage = new Set([
  "OAUTH_TIMEOUT",
  "OAUTH_RESPONSE_IS_NOT_CONFORM",
  "OAUTH_RESPONSE_IS_NOT_JSON",
  "OAUTH_HTTP_REQUEST_FORBIDDEN",
]);

/** An answer that is there and does not hold is no outage: it is refused. */
function judged(title: string, cause: Error & { code?: string }): HoopError {
  if (cause.code === undefined || outage.has(cause.code)) return away(title, cause, null);
  return new HoopError("unauthenticated", `what ${title} answered does not hold, so nobody is signed in`, {
    hint: "begin again; if it stays so, ask an admin",
    cause,
  });
}

function said(title: string, error: string, cause: unknown): HoopError {
  return new HoopError("unauthenticated", `${title} refuses (${clean(error)})`, { hint: "sign in there again", cause });
}

function away(title: string, cause: unknown, inner: HoopError | null): HoopError {
  return new HoopError(
    inner?.code === "timeout" ? "timeout" : "unavailable",
    `${title} cannot be asked now${inner === null ? "" : `: ${inner.message}`}`,
    { hint: "try again in a minute; who is signed in already goes on", cause },
  );
}

function hoopCause(thrown: unknown): HoopError | null {
  for (let cause = thrown, depth = 0; cause instanceof Error && depth < 5; cause = cause.cause, depth++)
    if (cause instanceof HoopError) return cause;
  return null;
}

const clean = (text: string): string => text.replaceAll(/[^a-z_]/g, "").slice(0, 60);
