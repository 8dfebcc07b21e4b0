import { randomUUID } from "node:crypto";
import { loginFailed, short } from "../events/index.js";
import { HoopError } from "../vocabulary/index.js";
import type { ApiDeps } from "./deps.js";

/**
 * Runs the check of a password; one that fails is an event. Who asked waits for none of it: how long an answer takes must not tell which
 * names there are. Tries that have to wait fail before their password is looked at, and are no events: nobody fills the log by guessing.
 */
export async function tellingFailure<T>(
  deps: Pick<ApiDeps, "events" | "identity">,
  { name, from }: { readonly name: string; readonly from: string },
  check: () => Promise<T>,
): Promise<T> {
  try {
    return await check();
  } catch (error) {
    if (error instanceof HoopError && error.code === "unauthenticated") void tell(deps, name, from);
    throw error;
  }
}

async function tell(deps: Pick<ApiDeps, "events" | "identity">, name: string, from: string): Promise<void> {
  const at = Date.now();
  const known = await deps.identity.users.get(name).catch(() => null);
  const subject = known === null ? { id: "", name: short(name) } : { id: known.id, name: known.name, kind: known.kind };
  const nowhere = { connection: null, session: null, cause: [] };
  deps.events.tell(loginFailed.draft({ id: randomUUID(), at, subject, ...nowhere, data: { from, how: "password" } }));
}
