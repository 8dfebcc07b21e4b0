import { createHash, randomUUID } from "node:crypto";
import { HoopError, type Subject } from "../../vocabulary/index.js";
import { mintToken } from "../token.js";
import type { TokenAuthenticator } from "../token-authenticator.js";
import { subjectFrom } from "../token-authenticator.js";
import { boundOf } from "./bounds.js";
import type { Delegations } from "./delegations.js";
import { claimsFit } from "./federation/claims.js";
import type { IssuerKeys } from "./federation/issuer-keys.js";
import type { CompileCondition } from "./federation/trusts.js";
import { issuerOf, notTaken, verifyWorkload } from "./federation/verify.js";
import type { MachineStore, StoredDelegation, StoredSubject, StoredTrust } from "./store.js";

export interface ExchangeAsk {
  /** Who asks: a service account's key, or a token got for one; or a workload token of an issuer. */
  readonly by: { readonly token: string } | { readonly workload: string };
  /** Whom it acts for, by name, or a delegation's id; null: for itself. */
  readonly onBehalfOf: string | null;
  readonly client: string;
  readonly address: string;
}

export interface Exchanged {
  readonly accessToken: string;
  readonly expires: Date;
  /** With the person that it acts for. */
  readonly subject: Subject;
  /** For the record. */
  readonly how: Readonly<Record<string, unknown>>;
}

/** Gives short tokens: for workload tokens, and for acting for somebody (after RFC 8693). */
export interface Exchange {
  /** Throws HoopError `unauthenticated`, `denied`, `limited`, `unavailable`. */
  exchange(ask: ExchangeAsk): Promise<Exchanged>;
}

export interface ExchangePorts {
  readonly store: MachineStore;
  readonly subject: (id: Subject["id"]) => Promise<StoredSubject | null>;
  readonly authenticator: Pick<TokenAuthenticator, "authenticate">;
  readonly delegations: Delegations;
  readonly keys: IssuerKeys;
  readonly compile: CompileCondition;
  readonly log: { warn(fields: object, text: string): void };
  readonly now: () => number;
}

const delegatedMs = 15 * 60_000;
const skewMs = 30_000;

/** Who asks, and what that rests on. */
interface Asking {
  readonly machine: StoredSubject;
  readonly bounds: NonNullable<Subject["bounds"]>;
  readonly parent: string | null;
  readonly trust: string | null;
  /** Milliseconds since the epoch: what is given ends then at the latest. */
  readonly until: number;
  readonly how: Readonly<Record<string, unknown>>;
}

export function createExchange(ports: ExchangePorts): Exchange {
  const { store, now, log } = ports;

  async function byToken(token: string, address: string): Promise<Asking> {
    const { subject, login, expires, key } = await ports.authenticator.authenticate(token, address);
    if (subject.kind === "person" || subject.onBehalfOf !== undefined)
      throw new HoopError("denied", "only service accounts and agents act for others, and none through another");
    const machine = await present(subject.id);
    const until = expires.getTime();
    return {
      machine,
      bounds: subject.bounds ?? [],
      parent: login,
      trust: null,
      until,
      how: { by: key ? "key" : "token" },
    };
  }

  async function byWorkload(text: string): Promise<Asking> {
    const issuer = issuerOf(text);
    const trusts = await store.trustsOf(issuer);
    if (trusts.length === 0) throw notTaken(`no trust names the issuer ${issuer.slice(0, 200)}`);
    const audiences = [...new Set(trusts.map(({ audience }) => audience))];
    const claims = await verifyWorkload(text, { issuer, audiences, keys: ports.keys, now: new Date(now()) });
    const trust = trusts.find((one) => fitsTrust(one, claims));
    // From here on whoever asks is known to hold what its issuer signed: to say what does not fit tells nothing new.
    if (trust === undefined)
      throw new HoopError(
        "denied",
        `no trust fits this token of ${issuer}: its subject is ${String(claims.sub).slice(0, 200)}`,
        {
          hint: "hoop federation ls",
        },
      );
    const machine = await present(trust.subject);
    if (machine.disabled)
      throw new HoopError("unauthenticated", `${machine.name} is disabled`, { hint: "ask an admin" });
    if (trust.singleUse) await useOnce(issuer, claims.jti, claims.exp ?? 0);
    const { repository, ref, workflow, actor, sub, jti } = claims;
    return {
      machine,
      bounds: [boundOf(`the trust ${trust.name}`, trust.bounds)],
      parent: null,
      trust: trust.id,
      until: now() + trust.lifeSeconds * 1_000,
      how: { by: "workload", trust: trust.name, issuer, ...clippedAll({ sub, repository, ref, workflow, actor, jti }) },
    };
  }

  function fitsTrust(trust: StoredTrust, claims: Readonly<Record<string, unknown>>): boolean {
    const { aud } = claims;
    if ((Array.isArray(aud) ? aud[0] : aud) !== trust.audience || !claimsFit(trust, claims)) return false;
    if (trust.condition === null) return true;
    const condition = ports.compile(trust.condition);
    try {
      return typeof condition !== "string" && condition(claims) === true;
    } catch (error) {
      // What cannot be worked out lets nobody in.
      log.warn({ err: error, trust: trust.name }, "the condition of a trust cannot be worked out for a token");
      return false;
    }
  }

  async function useOnce(issuer: string, jti: string | undefined, exp: number): Promise<void> {
    if (jti === undefined || jti === "")
      throw new HoopError(
        "unauthenticated",
        "this workload token has no id (jti), and this trust takes each only once",
      );
    const hash = createHash("sha256")
      .update(JSON.stringify([issuer, jti]))
      .digest();
    if (!(await store.useToken(hash, new Date(exp * 1_000 + 2 * skewMs))))
      throw new HoopError("unauthenticated", "this workload token was used before", {
        hint: "get a new one for each exchange",
      });
  }

  async function present(id: Subject["id"]): Promise<StoredSubject> {
    const machine = await ports.subject(id);
    if (machine === null) throw notTaken("its service account was removed");
    return machine;
  }

  async function give(asking: Asking, delegation: StoredDelegation | null, ask: ExchangeAsk): Promise<Exchanged> {
    const { machine, parent, trust } = asking;
    const end =
      delegation === null ? asking.until : Math.min(asking.until, now() + delegatedMs, delegation.expiresAt.getTime());
    const expires = new Date(end);
    const token = mintToken("access");
    const bounds =
      delegation === null
        ? asking.bounds
        : [
            ...asking.bounds,
            boundOf(
              `${delegation.person.name}'s delegation to ${machine.name}`,
              delegation.bounds,
              delegation.expiresAt,
            ),
          ];
    const { client, address } = ask;
    await store.createLogin(
      {
        ...{ id: randomUUID(), subject: machine.id, client: client.slice(0, 120), address, expiresAt: expires },
        ...{ bounds, parent, trust, delegation: delegation?.id ?? null },
      },
      { hash: token.hash, kind: "access", expiresAt: expires },
    );
    const subject = { ...subjectFrom(machine), bounds };
    return {
      accessToken: token.text,
      expires,
      subject: delegation === null ? subject : { ...subject, onBehalfOf: subjectFrom(delegation.person) },
      how: {
        ...asking.how,
        ...(delegation === null ? null : { onBehalfOf: delegation.person.name, delegation: delegation.id }),
        from: address,
      },
    };
  }

  return {
    async exchange(ask) {
      // Refusals are not counted: nobody guesses a signature, and pipelines of many share an address.
      try {
        const asking = "token" in ask.by ? await byToken(ask.by.token, ask.address) : await byWorkload(ask.by.workload);
        if (ask.onBehalfOf === null) {
          if ("token" in ask.by)
            throw new HoopError("invalid", "say whom it is for (requested_subject): a key is used as it is");
          return await give(asking, null, ask);
        }
        return await give(asking, await ports.delegations.standing(asking.machine, ask.onBehalfOf), ask);
      } catch (error) {
        if (error instanceof HoopError && (error.code === "unauthenticated" || error.code === "denied"))
          log.warn({ err: error.cause ?? error, from: ask.address }, "a token exchange was refused");
        throw error;
      }
    },
  };
}

function clippedAll(claims: Readonly<Record<string, unknown>>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(claims)
      .filter(([, value]) => typeof value === "string")
      .map(([name, value]) => [name, (value as string).replaceAll(/\p{C}/gu, " ").slice(0, 200)]),
  );
}
