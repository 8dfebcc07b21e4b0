import { HoopError } from "../../vocabulary/index.js";
import { type MappedGroups, mappedGroups } from "./group-map.js";
import type { ProviderSettings } from "./settings.js";

/** What a provider says about somebody who has just signed in there, or whom it was asked about. */
export interface Vouched {
  /** What never changes of a person at this provider. */
  readonly externalId: string;
  /** What they could be called here, the best first. */
  readonly names: readonly string[];
  readonly email: string | null;
  /** The provider says that the address is theirs. */
  readonly emailVerified: boolean;
  /** Null: it did not say; what it said before still holds. */
  readonly groups: readonly string[] | null;
  /** Claims or attributes, each as texts. */
  readonly claims: ReadonlyMap<string, readonly string[]>;
  /** How it made sure who they are. */
  readonly amr: readonly string[];
  readonly acr: string | null;
}

/** Somebody who came back from a provider's sign-in page. */
export interface Arrival {
  readonly vouched: Vouched;
  /** The provider's own name for the session there. */
  readonly sid: string | null;
  /** For asking the provider again; null: it cannot be. */
  readonly refreshToken: string | null;
  /** The login must not last longer, says the provider. */
  readonly until: Date | null;
}

/** What the provider says when it is asked again. Throws HoopError `unavailable`, `timeout` when it cannot be asked. */
export type Again =
  | { readonly state: "welcome"; readonly vouched: Vouched | null; readonly refreshToken: string | null }
  /** `why` is shown to the person. */
  | { readonly state: "refused"; readonly why: string };

/** Throws HoopError `denied` when the settings say that this person is not meant. */
export function checkRequired(settings: ProviderSettings, { claims }: Vouched): void {
  for (const { claim, anyOf } of settings.require) {
    const values = claims.get(claim) ?? [];
    if (!values.some((value) => anyOf.includes(value)))
      throw new HoopError(
        "denied",
        `${settings.title} does not let you in here: ${claim} is not as your admin asks for`,
      );
  }
}

/** Hoop's groups for what the provider said; null: it said nothing. */
export function groupsOf(settings: ProviderSettings, vouched: Vouched): MappedGroups | null {
  return vouched.groups === null ? null : mappedGroups(vouched.groups, settings.groups, settings.defaultGroups);
}

/** Whether the provider asked for a second factor by the rule of the settings. Empty rules believe nothing. */
export function factorProved({ factor }: ProviderSettings, { amr, acr }: Vouched): boolean {
  return amr.some((way) => factor.amr.includes(way)) || (acr !== null && factor.acr.includes(acr));
}

const mostValues = 2_000;

/** Claims as texts: nested objects are nobody's rule. */
export function claimsFrom(record: Readonly<Record<string, unknown>>): ReadonlyMap<string, readonly string[]> {
  const claims = new Map<string, readonly string[]>();
  for (const [name, value] of Object.entries(record)) {
    const values = textsOf(value);
    if (values !== null) claims.set(name, values);
  }
  return claims;
}

/** Null: it is neither a text nor a list of texts. */
export function textsOf(value: unknown): readonly string[] | null {
  if (typeof value === "string") return [value];
  if (typeof value === "boolean" || typeof value === "number") return [String(value)];
  if (!Array.isArray(value)) return null;
  return value.slice(0, mostValues).filter((one): one is string => typeof one === "string");
}
