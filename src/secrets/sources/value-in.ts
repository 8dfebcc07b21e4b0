import { HoopError } from "../../vocabulary/index.js";
import type { SourceSecret } from "./source.js";

type Values = Readonly<Record<string, unknown>>;

/** The secret in a text: all of it, or one value of the JSON that it is. */
export function valueIn(place: string, text: string, key: string | null): SourceSecret {
  if (key === null) return { user: null, secret: text };
  let values: unknown;
  try {
    values = JSON.parse(text);
  } catch {
    throw new HoopError("precondition-failed", `${place} is no JSON, so that nothing in it can be named`);
  }
  return valueFrom(place, values, key);
}

/** One value of an object, and the user where it says one. Without a key: `password`. */
export function valueFrom(place: string, values: unknown, key: string | null): SourceSecret {
  const known: Values = typeof values === "object" && values !== null ? (values as Values) : {};
  const secret = Object.hasOwn(known, key ?? "password") ? known[key ?? "password"] : undefined;
  if (typeof secret !== "string" || secret === "")
    throw new HoopError("not-found", `${place} has no text ${JSON.stringify(key ?? "password")}`);
  const user = Object.hasOwn(known, "username") ? known["username"] : undefined;
  return { user: typeof user === "string" && user !== "" ? user : null, secret };
}
