import { isIP } from "node:net";
import {
  AndFilter,
  Client,
  type Entry,
  EqualityFilter,
  ExtensibleFilter,
  type Filter,
  FilterParser,
  InappropriateAuthError,
  InvalidCredentialsError,
  NoSuchObjectError,
  UnwillingToPerformError,
} from "ldapts";
import { HoopError } from "../../vocabulary/index.js";
import type { LdapSettings } from "./settings.js";
import type { Again, Vouched } from "./vouched.js";

export interface LdapProvider {
  /** Whoever name and password belong to; null: nobody, never which was wrong. Throws HoopError `unavailable`, `timeout`. */
  check(name: string, password: string): Promise<Vouched | null>;
  again(externalId: string): Promise<Again>;
  /** Whether the directory takes our own name and password, and answers a search. */
  probe(): Promise<readonly string[]>;
}

const timeoutMs = 8_000;
const mostGroups = 2_000;
/** Passwords that are looked at at the same moment; the directory is not ours to flood. */
const mostAtOnce = 20;
/** Active Directory's rule for members of members. */
const inChain = "1.2.840.113556.1.4.1941";

/** One directory over LDAP. A client is opened for each question and closed after it: sign-ins are rare, and a bind must not outlive its question. */
export function createLdap(settings: LdapSettings, secret: string | null): LdapProvider {
  const people = FilterParser.parseString(settings.userFilter);
  const nobody = `${settings.userAttribute}=hoop-knows-nobody,${settings.userBase}`;
  let checking = 0;

  async function withClient<T>(work: (client: Client) => Promise<T>): Promise<T> {
    const secure = { minVersion: "TLSv1.2" as const, ...(settings.ca === null ? {} : { ca: settings.ca }) };
    const client = new Client({
      url: settings.url,
      timeout: timeoutMs,
      connectTimeout: timeoutMs,
      // Given, it would mean TLS from the start, whatever the address says.
      ...(settings.url.startsWith("ldaps:") ? { tlsOptions: secure } : {}),
    });
    try {
      if (settings.startTls) await client.startTLS({ ...secure, ...whose(settings.url) });
      return await work(client);
    } finally {
      await client.unbind().catch(() => {});
    }
  }

  /** A question in our own name. What fails in it is an outage, never a word about the person. */
  const asked = <T>(work: (client: Client) => Promise<T>): Promise<T> =>
    withClient(async (client) => {
      await client.bind(settings.bindDn, secret ?? "");
      return work(client);
    }).catch((cause: unknown) => {
      throw away(settings, cause);
    });

  async function find(client: Client, filter: Filter): Promise<Entry | null> {
    const { searchEntries } = await client.search(settings.userBase, {
      scope: "sub",
      derefAliases: "never",
      sizeLimit: 2,
      timeLimit: timeoutMs / 1_000,
      filter: new AndFilter({ filters: [people, filter] }),
      attributes: [settings.userAttribute, settings.idAttribute, settings.emailAttribute, "memberOf"],
      explicitBufferAttributes: [settings.idAttribute],
    });
    if (searchEntries.length > 1)
      throw new HoopError("unavailable", `${settings.title} has several people of one name`, {
        hint: "ask an admin: userBase and userFilter must leave one",
      });
    return searchEntries[0] ?? null;
  }

  async function groupsOf(client: Client, entry: Entry): Promise<readonly string[]> {
    if (settings.groupsFrom === "memberOf") return texts(entry.memberOf).slice(0, mostGroups).map(nameOfDn);
    const member = settings.nested
      ? new ExtensibleFilter({ rule: inChain, matchType: settings.memberAttribute, value: entry.dn })
      : new EqualityFilter({ attribute: settings.memberAttribute, value: entry.dn });
    const { searchEntries } = await client.search(settings.groupBase!, {
      scope: "sub",
      derefAliases: "never",
      sizeLimit: mostGroups,
      timeLimit: timeoutMs / 1_000,
      filter: new AndFilter({ filters: [FilterParser.parseString(settings.groupFilter), member] }),
      attributes: ["cn"],
    });
    return searchEntries.flatMap((group) => texts(group.cn).slice(0, 1));
  }

  async function vouched(client: Client, entry: Entry): Promise<Vouched> {
    const externalId = idFrom(entry[settings.idAttribute]);
    if (externalId === null)
      throw new HoopError("unavailable", `${settings.title} does not say ${settings.idAttribute} of people`, {
        hint: "ask an admin: the bind must be allowed to read it",
      });
    const [email = null] = texts(entry[settings.emailAttribute]);
    const names = texts(entry[settings.userAttribute]).slice(0, 1);
    return {
      externalId,
      names: email === null ? names : [...names, email],
      email: email !== null && email.length <= 254 ? email : null,
      emailVerified: email !== null,
      groups: await groupsOf(client, entry),
      claims: new Map([[settings.userAttribute, names]]),
      amr: [],
      acr: null,
    };
  }

  async function checked(name: string, password: string): Promise<Vouched | null> {
    const byName = new EqualityFilter({ attribute: settings.userAttribute, value: name });
    const entry = await asked((client) => find(client, byName));
    try {
      // Nobody's is tried as well: who is there cannot be told by the time that a refusal takes.
      await withClient((client) => client.bind(entry?.dn ?? nobody, password));
    } catch (cause) {
      if (isWrongPassword(cause)) return null;
      throw away(settings, cause);
    }
    return entry === null ? null : asked((client) => vouched(client, entry));
  }

  return {
    async check(name, password) {
      // An empty password is an anonymous bind, which every directory grants.
      if (password === "" || password.includes("\0") || name === "" || name.length > 256) return null;
      if (checking >= mostAtOnce)
        throw new HoopError("limited", `too many people sign in by ${settings.title} at this moment`, {
          hint: "try again in a few seconds",
        });
      checking += 1;
      try {
        return await checked(name, password);
      } finally {
        checking -= 1;
      }
    },

    again: (externalId) =>
      asked(async (client) => {
        const entry = await find(
          client,
          new EqualityFilter({ attribute: settings.idAttribute, value: idTo(externalId) }),
        );
        if (entry === null) return { state: "refused", why: `${settings.title} does not know you any more` };
        return { state: "welcome", vouched: await vouched(client, entry), refreshToken: null };
      }),

    probe: () =>
      asked(async (client) => {
        const { searchEntries } = await client.search(settings.userBase, {
          scope: "sub",
          derefAliases: "never",
          sizeLimit: 1,
          timeLimit: timeoutMs / 1_000,
          filter: people,
          attributes: ["1.1"],
        });
        return [
          searchEntries.length > 0 ? "the directory answers" : "the directory answers, but userFilter finds nobody",
        ];
      }),
  };
}

function isWrongPassword(cause: unknown): boolean {
  return (
    cause instanceof InvalidCredentialsError ||
    cause instanceof InappropriateAuthError ||
    cause instanceof NoSuchObjectError ||
    cause instanceof UnwillingToPerformError
  );
}

function away({ title }: LdapSettings, cause: unknown): HoopError {
  if (cause instanceof HoopError) return cause;
  const ours = cause instanceof InvalidCredentialsError;
  return new HoopError("unavailable", `${title} cannot be asked now`, {
    hint: ours
      ? "ask an admin: the directory does not take Hoop's own bindDn and password"
      : "try again in a minute; who is signed in already goes on",
    cause,
  });
}

/** Whose certificate it must be: after StartTLS nothing else says. */
function whose(url: string): { readonly host: string; readonly servername?: string } {
  const host = new URL(url).hostname.replace(/^\[|\]$/g, "");
  return isIP(host) === 0 ? { host, servername: host } : { host };
}

function texts(value: Entry[string] | undefined): string[] {
  if (value === undefined) return [];
  return (Array.isArray(value) ? value : [value])
    .map((one) => (typeof one === "string" ? one : one.toString("utf8")))
    .filter((one) => one !== "" && one.length <= 1_000);
}

/** `hoop-dbas` of `CN=hoop-dbas,OU=Groups,DC=example,DC=com`; what is escaped in it is read. */
export function nameOfDn(dn: string): string {
  const first = /^[^=,+]+=((?:\\.|[^\\,+])*)/s.exec(dn)?.[1] ?? dn;
  return Buffer.concat(
    [...first.matchAll(/\\([0-9a-fA-F]{2})|\\(.)|([^\\]+)/gs)].map(([, hex, escaped, plain]) =>
      hex === undefined ? Buffer.from(escaped ?? plain ?? "") : Buffer.from(hex, "hex"),
    ),
  ).toString("utf8");
}

const printable = /^[\x21-\x7e]{1,500}$/;

/** Ids that are texts stay texts; Active Directory's are bytes. */
function idFrom(value: Entry[string] | undefined): string | null {
  const one = Array.isArray(value) ? (value.length === 1 ? value[0] : undefined) : value;
  if (one === undefined || one.length === 0 || one.length > 500) return null;
  const bytes = typeof one === "string" ? Buffer.from(one) : one;
  const text = bytes.toString("utf8");
  return printable.test(text) && !text.startsWith("hex:") ? text : `hex:${bytes.toString("hex")}`;
}

function idTo(externalId: string): string | Buffer {
  return externalId.startsWith("hex:") ? Buffer.from(externalId.slice(4), "hex") : externalId;
}
