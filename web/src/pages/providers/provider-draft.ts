import type { Provider, ProviderKind, ProviderSettings } from "../../api/provider-queries.js";

/** A field of the form that is one text among a kind's settings. */
export interface Field {
  readonly setting: string;
  readonly label: string;
  readonly description?: string;
  readonly placeholder?: string;
  readonly required?: boolean;
}

/** What is asked for by name; all else is in the text below the form. */
export const fields: Readonly<Record<ProviderKind, readonly Field[]>> = {
  oidc: [
    {
      setting: "issuer",
      label: "Issuer",
      description: "As the provider's discovery document says it",
      placeholder: "https://example.okta.com",
      required: true,
    },
    { setting: "clientId", label: "Client id", required: true },
    { setting: "groupsClaim", label: "Claim with the groups", placeholder: "groups" },
  ],
  saml: [
    { setting: "entityId", label: "Entity id", description: "The identity provider's", required: true },
    { setting: "signInUrl", label: "Sign-in address", placeholder: "https://idp.example.com/sso", required: true },
    { setting: "groupsAttribute", label: "Attribute with the groups", placeholder: "groups" },
  ],
  ldap: [
    { setting: "url", label: "Address", placeholder: "ldaps://directory.example.com", required: true },
    { setting: "bindDn", label: "Bind as", placeholder: "cn=hoop,dc=example,dc=com", required: true },
    { setting: "userBase", label: "People are under", placeholder: "ou=people,dc=example,dc=com", required: true },
    { setting: "userAttribute", label: "Attribute with the name", placeholder: "uid" },
  ],
};

export const secretLabel: Readonly<Record<ProviderKind, string | null>> = {
  oidc: "Client secret",
  saml: null,
  ldap: "Password of that bind",
};

export interface Draft {
  readonly name: string;
  readonly kind: ProviderKind;
  readonly title: string;
  readonly enabled: boolean;
  readonly values: Readonly<Record<string, string>>;
  /** One a line: `theirs = ours`. */
  readonly groups: string;
  readonly secret: string;
  /** JSON of every other setting. */
  readonly rest: string;
}

export function draftOf(provider: Provider | null): Draft {
  if (provider === null)
    return { name: "", kind: "oidc", title: "", enabled: true, values: {}, groups: "", secret: "", rest: "{}" };
  const { kind, title, enabled, groups, ...others } = provider.settings;
  const named = new Set(fields[kind].map(({ setting }) => setting));
  const values: Record<string, string> = {};
  const rest: Record<string, unknown> = {};
  for (const [setting, value] of Object.entries(others)) {
    if (named.has(setting)) values[setting] = String(value);
    else rest[setting] = value;
  }
  return {
    name: provider.name,
    kind,
    title,
    enabled,
    values,
    groups: groups.map(({ from, to }) => `${from} = ${to}`).join("\n"),
    secret: "",
    rest: JSON.stringify(rest, null, 2),
  };
}

/** What is sent. Throws an Error in words for whoever filled the form in. */
export function settingsOf(draft: Draft): Partial<ProviderSettings> {
  const given = Object.entries(draft.values).filter(([, value]) => value.trim() !== "");
  return {
    ...restOf(draft.rest),
    ...Object.fromEntries(given.map(([setting, value]) => [setting, value.trim()])),
    kind: draft.kind,
    title: draft.title.trim(),
    enabled: draft.enabled,
    groups: groupsOf(draft.groups),
  };
}

function restOf(text: string): Record<string, unknown> {
  let rest: unknown;
  try {
    rest = JSON.parse(text.trim() === "" ? "{}" : text);
  } catch {
    throw new Error("the other settings are not JSON");
  }
  if (typeof rest !== "object" || rest === null || Array.isArray(rest))
    throw new Error("the other settings are not an object");
  return rest as Record<string, unknown>;
}

function groupsOf(text: string): { from: string; to: string }[] {
  return text
    .split("\n")
    .filter((line) => line.trim() !== "")
    .map((line) => {
      const at = line.lastIndexOf("=");
      const [from, to] = [line.slice(0, at).trim(), line.slice(at + 1).trim()];
      if (at === -1 || from === "" || to === "") throw new Error(`"${line.trim()}" is not: their group = our group`);
      return { from, to };
    });
}
