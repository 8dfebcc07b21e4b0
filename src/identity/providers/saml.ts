import { randomBytes } from "node:crypto";
import { generateServiceProviderMetadata, SAML, ValidateInResponseTo } from "@node-saml/node-saml";
import { HoopError } from "../../vocabulary/index.js";
import type { SamlSettings } from "./settings.js";
import { type Arrival, claimsFrom, textsOf } from "./vouched.js";

/** Where the provider finds us. */
export interface SamlPlace {
  /** Our name there: the address of our metadata. */
  readonly entityId: string;
  /** Where its answers are posted to. */
  readonly answerUrl: string;
}

/** A signed assertion that holds, and may be used once. */
export interface SamlArrival extends Arrival {
  readonly assertion: { readonly id: string; readonly expires: Date };
}

export interface SamlProvider {
  metadata(place: SamlPlace): string;
  /** Where the browser goes; `request` is what the answer must be to. */
  signInUrl(place: SamlPlace, state: string): Promise<{ readonly url: URL; readonly request: string }>;
  /** Throws HoopError `unauthenticated`: what was posted does not prove anything. */
  arrive(place: SamlPlace, response: string, request: string, now: number): Promise<SamlArrival>;
}

const longest = 512 * 1024;
const oldestMs = 10 * 60_000;
const bearer = "urn:oasis:names:tc:SAML:2.0:cm:bearer";
const transient = "urn:oasis:names:tc:SAML:2.0:nameid-format:transient";
/** Signatures by these can be forged, or are made with a key that everybody has. */
const weak = /xmldsig#(?:rsa-sha1|dsa-sha1|sha1|hmac-sha1)"|rsa-md5|xmldsig-more#(?:md5|hmac-)/;

/** One identity provider of SAML 2.0: requests by redirect, answers by post, assertions signed. */
export function createSaml(settings: SamlSettings): SamlProvider {
  const engine = (place: SamlPlace, request: string) =>
    new SAML({
      idpCert: [...settings.certificates],
      idpIssuer: settings.entityId,
      issuer: place.entityId,
      callbackUrl: place.answerUrl,
      audience: place.entityId,
      entryPoint: settings.signInUrl,
      identifierFormat: null,
      disableRequestedAuthnContext: true,
      wantAssertionsSigned: true,
      wantAuthnResponseSigned: false,
      acceptedClockSkewMs: settings.clockToleranceSeconds * 1_000,
      maxAssertionAgeMs: oldestMs,
      validateInResponseTo: ValidateInResponseTo.always,
      requestIdExpirationPeriodMs: oldestMs,
      generateUniqueId: () => request,
      // The one request that this browser's sign-in made; the store keeps it, for every replica, and takes it away once.
      cacheProvider: {
        saveAsync: async (_key, value) => ({ value, createdAt: Date.now() }),
        getAsync: async (key) => (key === request ? new Date().toISOString() : null),
        removeAsync: async (key) => key,
      },
    });

  return {
    metadata: ({ entityId, answerUrl }) =>
      generateServiceProviderMetadata({
        issuer: entityId,
        callbackUrl: answerUrl,
        wantAssertionsSigned: true,
        identifierFormat: null,
      }),

    async signInUrl(place, state) {
      const request = `_${randomBytes(20).toString("hex")}`;
      const url = new URL(await engine(place, request).getAuthorizeUrlAsync(state, undefined, {}));
      return { url, request };
    },

    async arrive(place, response, request, now) {
      const xml = Buffer.from(response, "base64").toString("utf8");
      const wrong = (why: string, cause?: unknown): HoopError =>
        new HoopError("unauthenticated", `what ${settings.title} answered does not hold: ${why}`, {
          hint: "begin again; if it stays so, ask an admin",
          cause,
        });
      if (response.length > longest) throw wrong("it is too long");
      if (/<!(?:DOCTYPE|ENTITY)/i.test(xml)) throw wrong("it brings a document type of its own");
      if (weak.test(xml)) throw wrong("it is signed by a method that proves nothing");
      const { profile } = await engine(place, request)
        .validatePostResponseAsync({ SAMLResponse: response })
        .catch((cause: unknown) => {
          throw wrong("no signed assertion of it is valid", cause);
        });
      const assertion = (profile?.getAssertion?.() as AssertionDocument | undefined)?.Assertion;
      if (profile === null || assertion === undefined) throw wrong("there is no assertion in it");
      const expires = checkAssertion(assertion, { settings, place, request, now, wrong });
      return arrivalFrom(settings, profile, assertion, expires, wrong);
    },
  };
}

interface Node {
  readonly _?: string;
  readonly $?: Readonly<Record<string, string>>;
}
/** The signed bytes, read. */
interface AssertionDocument {
  readonly Assertion?: Node & {
    readonly Issuer?: readonly Node[];
    readonly Subject?: readonly {
      readonly NameID?: readonly Node[];
      readonly SubjectConfirmation?: readonly (Node & { readonly SubjectConfirmationData?: readonly Node[] })[];
    }[];
    readonly Conditions?: readonly Node[];
    readonly AuthnStatement?: readonly (Node & {
      readonly AuthnContext?: readonly { readonly AuthnContextClassRef?: readonly Node[] }[];
    })[];
  };
}
type Assertion = NonNullable<AssertionDocument["Assertion"]>;
type Wrong = (why: string, cause?: unknown) => HoopError;

/** What the library leaves to its user: who says it, to whom, in answer to what, and until when. Answers when it may be forgotten. */
function checkAssertion(
  assertion: Assertion,
  about: { settings: SamlSettings; place: SamlPlace; request: string; now: number; wrong: Wrong },
): Date {
  const { settings, place, request, now, wrong } = about;
  const skew = settings.clockToleranceSeconds * 1_000;
  if (assertion.Issuer?.length !== 1 || assertion.Issuer[0]?._?.trim() !== settings.entityId)
    throw wrong("another provider says it");
  if (!assertion.$?.ID || assertion.$.ID.length > 500) throw wrong("the assertion has no id");
  if (assertion.Conditions?.length !== 1) throw wrong("the assertion says no conditions");
  if (!assertion.AuthnStatement?.length) throw wrong("it does not say that you signed in");
  const ends: number[] = [];
  for (const confirmation of assertion.Subject?.[0]?.SubjectConfirmation ?? []) {
    const said = confirmation.SubjectConfirmationData?.[0]?.$;
    const end = Date.parse(said?.NotOnOrAfter ?? "");
    const meant =
      confirmation.$?.Method === bearer &&
      said?.Recipient === place.answerUrl &&
      said.InResponseTo === request &&
      now - skew < end;
    if (meant) ends.push(end);
  }
  if (ends.length === 0) throw wrong("it is not for this sign-in, or too old");
  return new Date(Math.max(...ends) + skew + 60_000);
}

function arrivalFrom(
  settings: SamlSettings,
  profile: { readonly nameID?: string; readonly nameIDFormat?: string; readonly [name: string]: unknown },
  assertion: Assertion,
  expires: Date,
  wrong: Wrong,
): SamlArrival {
  const claims = claimsFrom((profile.attributes ?? {}) as Record<string, unknown>);
  const first = (name: string | null): string | null => (name === null ? null : (claims.get(name)?.[0] ?? null));
  const byName = settings.subjectAttribute === null;
  if (byName && profile.nameIDFormat === transient)
    throw wrong("it names you anew each time; an admin sets subjectAttribute");
  const externalId = byName ? (profile.nameID ?? null) : first(settings.subjectAttribute);
  if (externalId === null || externalId === "" || externalId.length > 1_000) throw wrong("it does not say who you are");
  const email = first(settings.emailAttribute) ?? (externalId.includes("@") ? externalId : null);
  const statement = assertion.AuthnStatement?.[0];
  const until = Date.parse(statement?.$?.SessionNotOnOrAfter ?? "");
  const context = statement?.AuthnContext?.[0]?.AuthnContextClassRef?.[0]?._ ?? null;
  return {
    vouched: {
      externalId,
      names: [first(settings.nameAttribute), email, externalId].filter((name): name is string => name !== null),
      email: email !== null && email.length <= 254 ? email : null,
      // The assertion is signed by whom the admin chose; there is no such claim in SAML.
      emailVerified: email !== null,
      groups: textsOf(claims.get(settings.groupsAttribute)) ?? [],
      claims,
      amr: [],
      acr: context,
    },
    sid: statement?.$?.SessionIndex ?? null,
    refreshToken: null,
    until: Number.isNaN(until) ? null : new Date(until),
    assertion: { id: assertion.$!.ID!, expires },
  };
}
