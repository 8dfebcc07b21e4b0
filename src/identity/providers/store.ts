import type { SubjectId } from "../../vocabulary/index.js";
import type { StandingCheck } from "../roles/index.js";
import type { StoredSubject } from "../store.js";
import type { MappedGroups } from "./group-map.js";

/** A provider as it is kept: without its secret, which is sealed elsewhere. */
export interface StoredProvider {
  /** What links hang on: the same name with another id is another provider. */
  readonly id: string;
  readonly name: string;
  readonly settings: unknown;
  readonly createdAt: Date;
  /** Ascends with each change. */
  readonly version: number;
}

/** A sign-in that began here and has gone to a provider. Nothing in it is a secret: nonce and verifier are made of what the browser alone holds. */
export interface SignInAttempt {
  readonly provider: string;
  /** Hash of the browser's own token: whoever comes back must be whoever went. */
  readonly browser: Buffer;
  readonly returnTo: string;
  /** Of SAML: the request that the answer must be to. */
  readonly request: string | null;
}

/** Whose a person at a provider is here. */
export interface ProviderLink {
  readonly provider: string;
  readonly externalId: string;
  readonly subject: SubjectId;
  /** The groups that the provider gave last, and may take away again. */
  readonly groups: readonly string[];
  readonly createdAt: Date;
  readonly lastSignInAt: Date | null;
}

/** Somebody whom a provider vouches for, as they come in. */
export interface Newcomer {
  readonly provider: string;
  readonly providerName: string;
  readonly externalId: string;
  /** What they could be called, the best first; none may be taken. */
  readonly names: readonly string[];
  readonly email: string | null;
  /** Hoop's, after the mapping; null: the provider did not say. */
  readonly groups: MappedGroups | null;
  /** By the rule for the first admin; it counts only while there is none. */
  readonly firstAdmin: boolean;
  /** Whether somebody who is not known yet is made a user. */
  readonly provision: boolean;
}

export interface Admitted {
  readonly subject: StoredSubject;
  /** Made just now. */
  readonly created: boolean;
  /** Null: nothing of them changed. */
  readonly before: StoredSubject | null;
  /** Groups of the mapping that Hoop does not have. */
  readonly unknownGroups: readonly string[];
  /** They would have been the last admin to go: they stay one. */
  readonly keptAdmin: boolean;
}

/** One signing in at a provider, from which logins here descend. */
export interface ProviderSession {
  readonly id: string;
  readonly provider: string;
  readonly externalId: string;
  readonly subject: SubjectId;
}

export interface ProviderSessionDraft extends ProviderSession {
  readonly sid: string | null;
  /** Logins that rest on it end then. */
  readonly endsAt: Date | null;
  /** When the provider is to be asked again; null: it cannot be. */
  readonly refreshAt: Date | null;
}

export interface EndedSessions {
  readonly logins: number;
  readonly subjects: readonly { readonly id: SubjectId; readonly name: string }[];
  /** Their refresh tokens are worth nothing any more. */
  readonly sessions: readonly string[];
}

/** Where providers and what they say are kept. Whatever may happen once happens in one statement: of two at the same moment one wins. */
export interface ProviderStore {
  providers(): Promise<readonly StoredProvider[]>;
  /** `check` runs in the same transaction. Throws HoopError `conflict`: there are too many. */
  putProvider(
    draft: Pick<StoredProvider, "id" | "name" | "settings">,
    check?: StandingCheck,
  ): Promise<{ readonly before: StoredProvider | null; readonly after: StoredProvider }>;
  /** Its links go with it. Null: there is none. */
  removeProvider(name: string): Promise<StoredProvider | null>;

  keepAttempt(state: Buffer, attempt: SignInAttempt, expiresAt: Date): Promise<void>;
  attempt(state: Buffer): Promise<SignInAttempt | null>;
  /** Puts the provider's answer down, once. False: not there, expired, or answered already. */
  answerAttempt(state: Buffer, answer: string): Promise<boolean>;
  /** Takes it away. `answer`: what was put down. */
  takeAttempt(state: Buffer): Promise<(SignInAttempt & { readonly answer: string | null }) | null>;

  /** True for the first who brings this id; kept until `expiresAt`, for every replica. */
  once(kind: "assertion" | "logout", id: string, expiresAt: Date): Promise<boolean>;

  /** Finds or makes the user, and gives and takes the groups that the provider says. Throws HoopError `denied`: not known, and not to be made. */
  admit(newcomer: Newcomer): Promise<Admitted>;
  /** The same for somebody who is in already; null: nobody is linked any more. */
  renew(who: Pick<Newcomer, "provider" | "externalId" | "email" | "groups">): Promise<Admitted | null>;
  /** Whether somebody comes from a provider. */
  isLinked(subject: SubjectId): Promise<boolean>;
  links(by: { readonly subject: SubjectId } | { readonly provider: string }): Promise<readonly ProviderLink[]>;
  /** Throws HoopError `conflict`: that person at the provider is somebody else here. */
  addLink(link: Pick<ProviderLink, "provider" | "externalId" | "subject">, check?: StandingCheck): Promise<void>;
  /** Ends what rests on it. */
  removeLink(provider: string, externalId: string): Promise<boolean>;

  openSession(session: ProviderSessionDraft): Promise<void>;
  /**
   * Sessions that are due, behind one of these logins, and taken by nobody else: they are the caller's until `leaseMs` are over.
   */
  claim(
    logins: readonly string[],
    options: { readonly leaseMs: number; readonly limit: number },
  ): Promise<readonly ProviderSession[]>;
  /** The lease is given back, and the next time is set. */
  settle(session: string, refreshAt: Date): Promise<void>;
  /** Ends logins of sessions; told to all replicas. Both `sid` and `externalId`: those for which both hold. */
  endSessions(
    which:
      | { readonly session: string }
      | { readonly provider: string; readonly sid?: string | undefined; readonly externalId?: string | undefined },
    because: string,
  ): Promise<EndedSessions>;
  /** Ids of sessions that are still needed. */
  sessionIds(): Promise<ReadonlySet<string>>;
  sweep(): Promise<void>;
}

/** Where secrets of providers, and what they are asked again with, are sealed. */
export interface ProviderSecrets {
  put(kind: "secret" | "refresh", id: string, secret: string): Promise<void>;
  get(kind: "secret" | "refresh", id: string): Promise<string | null>;
  delete(kind: "secret" | "refresh", id: string): Promise<void>;
  list(kind: "refresh"): Promise<readonly string[]>;
}
