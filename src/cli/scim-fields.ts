import { HoopError } from "../vocabulary/index.js";
import { type Invocation, text } from "./invocation.js";

/** What `scim add` and `scim edit` share. */
export function scimFields(invocation: Invocation): Record<string, unknown> {
  const [description, provider, match] = ["description", "provider", "match"].map((name) => text(invocation, name));
  if (match !== undefined && match !== "externalId" && match !== "userName")
    throw new HoopError("invalid", "--match is externalId or userName");
  return {
    ...(description === undefined ? {} : { description }),
    ...(provider === undefined ? {} : { provider: provider === "" ? null : provider }),
    ...(match === undefined ? {} : { matchBy: match }),
  };
}
