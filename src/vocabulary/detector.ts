import type { Mask } from "./mask.js";

/** Identity numbers of states, each with its own checksum or rules of form. */
const nationalIds = [
  "us-ssn",
  "gb-nino",
  "fr-nir",
  "de-tax-id",
  "es-dni",
  "nl-bsn",
  "in-aadhaar",
  "br-cpf",
  "it-codice-fiscale",
  "pl-pesel",
  "be-national-number",
  "fi-hetu",
  "se-personnummer",
  "ch-ahv",
  "ca-sin",
  "cn-resident-id",
  "sg-nric",
] as const;

const secrets = [
  "private-key",
  "jwt",
  "aws-key",
  "gcp-key",
  "azure-key",
  "github-token",
  "gitlab-token",
  "slack-token",
  "stripe-key",
  "vendor-token",
  "secret",
] as const;

const networks = ["ipv4", "ipv6"] as const;

/** What detectors on values can find. An earlier one wins where two find the very same text. */
export const detectorNames = ["email", "card", "iban", ...secrets, ...nationalIds, "phone", ...networks] as const;
export type DetectorName = (typeof detectorNames)[number];

/** Words of a rule that stand for several. `all` leaves out what is on every line of a log: addresses of networks. */
export const detectorGroups = {
  all: detectorNames.filter((name) => !(networks as readonly string[]).includes(name)),
  "national-id": nationalIds,
  secrets,
  network: networks,
} as const satisfies Readonly<Record<string, readonly DetectorName[]>>;
export type DetectorGroup = keyof typeof detectorGroups;

/** A rule's word on which values are masked wherever they stand, for the subject and connection already matched. */
export interface ScanRule {
  readonly rule: string;
  readonly detect: readonly DetectorName[];
  /** The user's own, in RE2's language; checked when the rule was saved. */
  readonly patterns: readonly { readonly name: string; readonly pattern: string }[];
  readonly mask: Mask;
  /** Names of members of JSON objects are looked at too. */
  readonly keys: boolean;
  /** Bytes that are no text by their type are looked at as if they were. */
  readonly bytes: boolean;
}

/** The part of a mask plan that looks at values. Keep handing in the same list of rules: it is compiled once. */
export interface ScanPlan {
  readonly rules: readonly ScanRule[];
  /** The plan masks nothing else: what comes from where does not matter. */
  readonly alone: boolean;
}
