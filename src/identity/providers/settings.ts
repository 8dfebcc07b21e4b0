import { z } from "zod";
import { HoopError } from "../../vocabulary/index.js";
import { groupRuleSchema, mayNotGive } from "./group-map.js";

const text = (most: number) => z.string().min(1).max(most);
const claim = text(200);
const pem = z
  .string()
  .max(65_536)
  .regex(/-----BEGIN CERTIFICATE-----/, "is a certificate in PEM");

/** Plain http shows codes and tokens to the network; on one machine there is none. */
const webUrl = z
  .url()
  .max(1_000)
  .refine((url) => isSafeWeb(url), "must begin with https:// (http only on loopback)");

const isLoopbackHost = (host: string): boolean =>
  host === "localhost" || host === "[::1]" || /^127\.\d{1,3}\.\d{1,3}\.\d{1,3}$/.test(host);

function isSafeWeb(text: string): boolean {
  if (!URL.canParse(text)) return false;
  const { protocol, hostname, username, password } = new URL(text);
  if (username !== "" || password !== "") return false;
  return protocol === "https:" || (protocol === "http:" && isLoopbackHost(hostname));
}

/** What Hoop itself says when it sends somebody to a provider: nobody's setting replaces it. */
const ownParameters = new Set([
  "client_id",
  "redirect_uri",
  "response_type",
  "response_mode",
  "scope",
  "state",
  "nonce",
  "code_challenge",
  "code_challenge_method",
  "request",
  "request_uri",
]);

const common = {
  title: text(80).describe("What the button says."),
  enabled: z.boolean().default(true),
  provision: z
    .boolean()
    .default(true)
    .describe("False: only people that an admin or the directory has linked may come in."),
  groups: z
    .array(groupRuleSchema)
    .max(500)
    .default([])
    .describe("Which of the provider's groups give which of Hoop's; `*` stands for anything."),
  defaultGroups: z.array(text(64)).max(50).default([]).describe("What everybody gets who comes from here."),
  allowPrivileged: z.boolean().default(false).describe("Says that rules may name `admins` and `auditors`."),
  require: z
    .array(z.strictObject({ claim, anyOf: z.array(text(500)).min(1).max(100) }))
    .max(20)
    .default([])
    .describe("Claims or attributes without which nobody comes in, such as Google's `hd`."),
  factor: z
    .strictObject({ amr: z.array(text(200)).max(50).default([]), acr: z.array(text(200)).max(50).default([]) })
    .default({ amr: [], acr: [] })
    .describe("What the provider says when it asked for a second factor itself; Hoop asks for none then."),
  reauthenticateHours: z
    .number()
    .int()
    .min(1)
    .max(720)
    .nullable()
    .default(null)
    .describe("A login from here ends then at the latest; null: 12 where the provider cannot be asked in between."),
};

const oidcSchema = z.strictObject({
  kind: z.literal("oidc"),
  ...common,
  issuer: webUrl.describe("As the provider's discovery document says it."),
  clientId: text(500),
  clientAuth: z.enum(["basic", "post", "none"]).default("basic"),
  scopes: z.array(text(100)).max(30).default(["openid", "profile", "email"]),
  parameters: z
    .record(text(100), z.string().max(500))
    .default({})
    .describe("More for the provider's sign-in page: `prompt`, `access_type`, `acr_values`."),
  groupsClaim: claim.default("groups"),
  groupsFrom: z.enum(["id-token", "userinfo"]).default("id-token"),
  nameClaim: claim.default("preferred_username"),
  clockToleranceSeconds: z.number().int().min(0).max(300).default(30),
  logoutTokens: z
    .enum(["typed", "any"])
    .default("typed")
    .describe("`any` takes logout tokens of older providers that do not say `logout+jwt`."),
  ca: pem.nullable().default(null),
});

const samlSchema = z.strictObject({
  kind: z.literal("saml"),
  ...common,
  entityId: text(1_000).describe("The identity provider's."),
  signInUrl: webUrl.describe("Where the provider takes requests by redirect."),
  certificates: z.array(pem).min(1).max(10).describe("What assertions are signed with."),
  subjectAttribute: claim.nullable().default(null).describe("What never changes of a person; null: the NameID."),
  nameAttribute: claim.nullable().default(null),
  emailAttribute: claim.default("email"),
  groupsAttribute: claim.default("groups"),
  clockToleranceSeconds: z.number().int().min(0).max(300).default(30),
});

const attribute = z.string().regex(/^[a-zA-Z][a-zA-Z0-9-]{0,63}$/, "is the name of an attribute");
const ldapSchema = z.strictObject({
  kind: z.literal("ldap"),
  ...common,
  url: z
    .string()
    .max(500)
    .regex(/^ldaps?:\/\/[^/?#@\s]+\/?$/, "is ldap://HOST[:PORT] or ldaps://HOST[:PORT]"),
  startTls: z.boolean().default(false),
  ca: pem.nullable().default(null),
  bindDn: text(1_000).describe("Whom Hoop looks people up as."),
  userBase: text(1_000),
  userFilter: text(1_000).default("(objectClass=person)").describe("Who may come in; asked again at each refresh."),
  userAttribute: attribute.default("uid"),
  idAttribute: attribute.default("entryUUID").describe("What never changes of a person; Active Directory: objectGUID."),
  emailAttribute: attribute.default("mail"),
  groupsFrom: z.enum(["memberOf", "search"]).default("memberOf"),
  groupBase: text(1_000).nullable().default(null),
  groupFilter: text(1_000).default("(objectClass=groupOfNames)"),
  memberAttribute: attribute.default("member"),
  nested: z.boolean().default(false).describe("Groups in groups, by Active Directory's matching rule; with `search`."),
});

/** How a provider is set up, without its secret. */
export const providerSettingsSchema = z.discriminatedUnion("kind", [oidcSchema, samlSchema, ldapSchema]);
export type ProviderSettings = z.output<typeof providerSettingsSchema>;
export type ProviderSettingsInput = z.input<typeof providerSettingsSchema>;
export type OidcSettings = z.output<typeof oidcSchema>;
export type SamlSettings = z.output<typeof samlSchema>;
export type LdapSettings = z.output<typeof ldapSchema>;

export const providerNameSchema = z
  .string()
  .regex(/^[a-z0-9](?:[a-z0-9-]{0,30}[a-z0-9])?$/, "has 1 to 32 letters a to z, digits and - between them");

/** Throws HoopError `invalid` with what is wrong; a provider that could not be safe is never kept. */
export function checkedSettings(input: unknown): ProviderSettings {
  const parsed = providerSettingsSchema.safeParse(input);
  if (!parsed.success)
    throw new HoopError(
      "invalid",
      `the provider's settings are wrong: ${parsed.error.issues
        .slice(0, 5)
        .map((issue) => `${issue.path.join(".")} ${issue.message}`)
        .join("; ")}`,
    );
  const settings = parsed.data;
  const refused = [...settings.groups.map(({ to }) => to), ...settings.defaultGroups].find((to) =>
    mayNotGive(to, settings.allowPrivileged),
  );
  if (refused !== undefined)
    throw new HoopError("invalid", `a group of a provider may not give ${JSON.stringify(refused)}`, {
      hint: "name it without a pattern, and set allowPrivileged, if that is meant",
    });
  if (settings.kind === "oidc") checkOidc(settings);
  if (settings.kind === "ldap") checkLdap(settings);
  return settings;
}

function checkOidc({ scopes, parameters }: OidcSettings): void {
  if (!scopes.includes("openid")) throw new HoopError("invalid", "the scopes of OpenID Connect include openid");
  const own = Object.keys(parameters).find((name) => ownParameters.has(name.toLowerCase()));
  if (own !== undefined) throw new HoopError("invalid", `the parameter ${own} is Hoop's own to set`);
}

function checkLdap({ url, startTls, groupsFrom, groupBase, nested }: LdapSettings): void {
  const { protocol, hostname } = new URL(url);
  if (protocol === "ldap:" && !startTls && !isLoopbackHost(hostname))
    throw new HoopError("invalid", "plain ldap:// would show passwords to the network", {
      hint: "use ldaps://, or set startTls",
    });
  if (protocol === "ldaps:" && startTls)
    throw new HoopError("invalid", "ldaps:// has TLS from the start; startTls is for ldap://");
  if (groupsFrom === "search" && groupBase === null)
    throw new HoopError("invalid", "groups by search need a groupBase");
  if (nested && groupsFrom !== "search") throw new HoopError("invalid", "nested groups need groupsFrom: search");
}

/** What a provider's subjects belong to: with another one of these they would be other people. */
export function realmOf(settings: ProviderSettings): string {
  if (settings.kind === "oidc") return `oidc ${settings.issuer} ${settings.clientId}`;
  if (settings.kind === "saml") return `saml ${settings.entityId} ${settings.subjectAttribute ?? "NameID"}`;
  return `ldap ${settings.userBase} ${settings.idAttribute}`;
}

/** Whether the provider has a secret of ours: a client secret, or the password of the bind. */
export function needsSecret(settings: ProviderSettings): boolean {
  return settings.kind === "ldap" || (settings.kind === "oidc" && settings.clientAuth !== "none");
}
