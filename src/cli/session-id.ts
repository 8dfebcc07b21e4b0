import type { ApiClient } from "../client/api-client.js";
import { HoopError } from "../vocabulary/index.js";
import { pages } from "./pages.js";

const whole = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i;
/** Beginnings are looked for among so many of the youngest. */
const lookedThrough = 500;

/** A session's id from its beginning, if only one begins so. `list` is where to look. */
export async function sessionIdFrom(
  api: ApiClient,
  list: "/sessions" | "/sessions/live",
  given: string,
  signal: AbortSignal,
): Promise<string> {
  if (whole.test(given)) return given.toLowerCase();
  if (!/^[0-9a-f-]{3,}$/i.test(given))
    throw new HoopError("invalid", `${JSON.stringify(given)} is not the id of a session`, { hint: "hoop sessions ls" });
  const items = await pages<{ id: string }>(api, list, {}, lookedThrough, signal);
  const found = items.filter((session) => session.id.startsWith(given.toLowerCase()));
  if (found.length === 1) return found[0]!.id;
  if (found.length === 0)
    throw new HoopError("not-found", `no session begins with ${given}`, {
      hint: list === "/sessions" ? "hoop sessions ls" : "hoop sessions ls --open",
    });
  throw new HoopError("invalid", `${found.length} sessions begin with ${given}`, { hint: "give more of the id" });
}
