import { HoopError } from "../../vocabulary/index.js";
import type { Vouched } from "./vouched.js";

/** Who becomes the first admin by signing in: `okta:group:Hoop Admins`, `okta:email:ada@example.com`, `okta:subject:00u1abcd`. */
export interface AdminRule {
  readonly provider: string;
  readonly by: "subject" | "email" | "group";
  readonly value: string;
}

/** Throws HoopError `invalid`. */
export function adminRuleFrom(text: string): AdminRule {
  const [, provider, by, value] = /^([a-z0-9-]{1,32}):(subject|email|group):(.{1,1000})$/s.exec(text) ?? [];
  if (provider === undefined || by === undefined || value === undefined)
    throw new HoopError(
      "invalid",
      "the rule for the first admin is PROVIDER:subject:…, PROVIDER:email:… or PROVIDER:group:…",
    );
  return { provider, by: by as AdminRule["by"], value };
}

/** Whether somebody is whom the rule means. An address counts only when the provider says that it is theirs. */
export function isFirstAdmin(rule: AdminRule | null, provider: string, vouched: Vouched): boolean {
  if (rule === null || rule.provider !== provider) return false;
  if (rule.by === "subject") return vouched.externalId === rule.value;
  if (rule.by === "group") return vouched.groups?.includes(rule.value) ?? false;
  return vouched.emailVerified && vouched.email?.toLowerCase() === rule.value.toLowerCase();
}
