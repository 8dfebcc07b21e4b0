import { loginFailed, short } from "../events/index.js";
import { neverBegun } from "../identity/index.js";
import { HoopError } from "../vocabulary/index.js";
import type { ApiDeps } from "./deps.js";

type Deps = Pick<ApiDeps, "identity" | "recorder">;

/** What was tried: the name, from where, and by which provider. */
export interface Tried {
  readonly name: string;
  readonly from: string;
  readonly how: "password" | "ldap" | "oidc" | "saml";
  readonly provider: string | null;
}

/**
 * Runs the check of somebody who signs in; one that fails is an entry of the journal before it is answered, and so an event. How long the
 * answer takes must not tell which names there are: they are looked up while the check goes on. Tries that have to wait fail before their
 * password is looked at, and answers to a sign-in that nobody began are thrown away: neither is an event, nobody fills the log by guessing.
 */
export async function tellingFailure<T>(deps: Deps, tried: Tried, check: () => Promise<T>): Promise<T> {
  const subject = lookedUp(deps, tried);
  try {
    return await check();
  } catch (error) {
    if (isFailedLogin(error)) await tell(deps, tried, await subject);
    throw error;
  }
}

const isFailedLogin = (error: unknown): boolean =>
  error instanceof HoopError && (error.code === "unauthenticated" || error.code === "denied") && !neverBegun(error);

// A provider's name for somebody is not Hoop's.
async function lookedUp({ identity }: Deps, { name, how }: Tried): Promise<{ subject: string; name: string }> {
  const known = how === "password" ? await identity.users.get(name).catch(() => null) : null;
  return known === null ? { subject: "", name: short(name) } : { subject: known.id, name: known.name };
}

function tell(
  { recorder }: Deps,
  { from, how, provider }: Tried,
  actor: { readonly subject: string; readonly name: string },
): Promise<void> {
  return new Promise((resolve) => {
    const after = { from, how, provider };
    // Where the journal takes nothing, the answer is still that the login failed.
    recorder.append({ kind: "change", actor, what: loginFailed.type, target: actor.name, before: null, after }, () =>
      resolve(),
    );
  });
}
