import { randomBytes, randomUUID } from "node:crypto";
import { BlockList, isIP } from "node:net";
import { type Connection, HoopError, type Subject, type SubjectId } from "../../vocabulary/index.js";
import type { NativeCredential, NativeCredentialStore } from "./native-store.js";
import { verifierOf } from "./scram-keys.js";

const letters = "abcdefghijklmnopqrstuvwxyz234567";
const mostAddresses = 16;
const listed = 1_000;

export interface NativeIssue {
  readonly subject: Subject;
  readonly connection: Pick<Connection, "id" | "name">;
  readonly lifeMs: number;
  /** Addresses or networks (CIDR) that it is good from; empty: any. */
  readonly addresses: readonly string[];
}

/** Short-lived passwords for native clients. */
export interface NativeCredentials {
  /** The password is shown once. Throws HoopError `invalid`, `limited`, `denied`. */
  issue(wanted: NativeIssue): Promise<{ readonly credential: NativeCredential; readonly password: string }>;
  /** Null: everybody's. */
  list(subject: SubjectId | null): Promise<readonly NativeCredential[]>;
  /** Throws HoopError `not-found`. */
  get(id: string): Promise<NativeCredential>;
  revoke(id: string): Promise<void>;
  /** With its person. */
  revokeAllOf(subject: SubjectId): Promise<number>;
}

export interface NativeLimits {
  /** That one subject has at a time. */
  readonly each: number;
  readonly longestMs: number;
}

export function createNativeCredentials(
  store: NativeCredentialStore,
  limits: NativeLimits,
  now: () => number = Date.now,
): NativeCredentials {
  async function get(id: string): Promise<NativeCredential> {
    const found = await store.get(id);
    if (found === null)
      throw new HoopError("not-found", "there is no such credential", { hint: "hoop credentials ls" });
    return found;
  }

  return {
    async issue({ subject, connection, lifeMs, addresses }) {
      // It would be worth more than the token that asks for it.
      if (subject.onBehalfOf !== undefined || (subject.bounds ?? []).length > 0)
        throw new HoopError("denied", "a token that is bounded, or acts for somebody, cannot ask for a password");
      if (!Number.isSafeInteger(lifeMs) || lifeMs < 60_000 || lifeMs > limits.longestMs)
        throw new HoopError(
          "invalid",
          `a credential lives from one minute to ${Math.round(limits.longestMs / 3_600_000)} hours`,
        );
      if (addresses.length > mostAddresses) throw new HoopError("invalid", `at most ${mostAddresses} networks`);
      blockList(addresses);
      const password = randomBytes(24).toString("base64url");
      const madeAt = new Date(now());
      const credential: NativeCredential = {
        id: randomUUID(),
        user: nativeUser(subject.name, connection.name),
        subject: { id: subject.id, name: subject.name },
        connection: { id: connection.id, name: connection.name },
        addresses,
        madeAt,
        expires: new Date(madeAt.getTime() + lifeMs),
        revokedAt: null,
        lastUsed: null,
      };
      if (!(await store.add(credential, await verifierOf(password), limits.each)))
        throw new HoopError(
          "limited",
          `you have ${limits.each} credentials that are good still, which is as many as one may have`,
          {
            hint: "hoop credentials revoke ID",
          },
        );
      return { credential, password };
    },
    list: (subject) => store.list(subject, listed),
    get,
    async revoke(id) {
      await get(id);
      await store.revoke({ id });
    },
    async revokeAllOf(subject) {
      return (await store.revoke({ subject })).length;
    },
  };
}

/** `ada.pg-prod.k3x9q2mv`: who and which, for people; what makes it one is the end. At most 63 characters, as PostgreSQL's names. */
export function nativeUser(person: string, connection: string): string {
  const who = person
    .normalize("NFKD")
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, "-")
    .slice(0, 16)
    .replace(/^-+|-+$/g, "");
  const suffix = [...randomBytes(10)].map((byte) => letters[byte & 31]).join("");
  return `${who || "user"}.${connection.slice(0, 34)}.${suffix}`;
}

/** Whether it is good from that address. */
export function isGoodFrom({ addresses }: Pick<NativeCredential, "addresses">, address: string): boolean {
  if (addresses.length === 0) return true;
  const plain = address.replace(/^::ffff:(?=\d+\.)/i, "");
  const family = isIP(plain);
  return family !== 0 && blockList(addresses).check(plain, family === 6 ? "ipv6" : "ipv4");
}

function blockList(addresses: readonly string[]): BlockList {
  const list = new BlockList();
  for (const text of addresses) {
    const [address = "", prefix] = text.split("/", 2);
    const family = isIP(address);
    const bits = family === 6 ? 128 : 32;
    const length = prefix === undefined ? bits : /^\d{1,3}$/.test(prefix) ? Number(prefix) : Number.NaN;
    if (family === 0 || !(length >= 0 && length <= bits))
      throw new HoopError(
        "invalid",
        `${JSON.stringify(text.slice(0, 60))} is neither an address nor a network like 10.0.0.0/8`,
      );
    list.addSubnet(address, length, family === 6 ? "ipv6" : "ipv4");
  }
  return list;
}
