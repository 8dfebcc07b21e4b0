import type { SubjectId } from "../../vocabulary/index.js";
import type { Standing, StandingCheck } from "../roles/index.js";
import type { Filter } from "./filter.js";
import type { MemberStep } from "./patch-team.js";
import type { Person } from "./person.js";

/** A source that provisions users and groups: a tenant of an identity provider. */
export interface Directory {
  readonly id: string;
  readonly name: string;
  readonly description: string;
  /** Before the names of groups that it makes; "": none. */
  readonly groupPrefix: string;
  /** Groups that carry roles and that it may put people into all the same. Sorted. */
  readonly mayFill: readonly string[];
  readonly enabled: boolean;
  /** Where its people sign in; null: nobody is let in as one of them by a sign-in. */
  readonly provider: string | null;
  /** By what the provider's word is found: what the directory calls `externalId`, or the userName. */
  readonly matchBy: "externalId" | "userName";
  readonly createdAt: Date;
}

export interface DirectoryToken {
  readonly id: string;
  readonly directory: string;
  readonly label: string;
  readonly createdAt: Date;
  readonly createdBy: string;
  readonly expiresAt: Date;
  readonly lastUsedAt: Date | null;
}

/** A user that belongs to a directory. */
export interface ProvisionedPerson {
  readonly id: SubjectId;
  /** The login name in Hoop. */
  readonly name: string;
  readonly person: Person;
  /** Whether they may sign in: the directory says so, and nobody here says otherwise. */
  readonly usable: boolean;
  readonly groups: readonly { readonly id: string; readonly displayName: string }[];
  readonly createdAt: Date;
  readonly changedAt: Date;
  readonly version: number;
}

/** A group that belongs to a directory. */
export interface ProvisionedTeam {
  readonly id: string;
  /** The group in Hoop; it stays when its display name changes, for rules name it. */
  readonly group: string;
  readonly displayName: string;
  readonly externalId: string | null;
  readonly createdAt: Date;
  readonly changedAt: Date;
  readonly version: number;
}

export interface TeamMember {
  readonly id: SubjectId;
  readonly name: string;
}

export interface Slice {
  readonly filter: Filter | null;
  /** From 0. */
  readonly offset: number;
  readonly limit: number;
}

export interface Found<Item> {
  readonly total: number;
  readonly items: readonly Item[];
}

/** What members of a group became. */
export interface MembersMoved {
  readonly added: readonly TeamMember[];
  readonly removed: readonly TeamMember[];
}

/** One change by one directory; nobody else changes users, groups or roles meanwhile. */
export interface DirectoryWrite extends Standing {
  readonly directory: Directory;
  person(id: string): Promise<ProvisionedPerson | null>;
  /** Throws `conflict` where the name is taken, by whomever. */
  addPerson(name: string, person: Person, email: string | null): Promise<ProvisionedPerson>;
  putPerson(id: SubjectId, name: string, person: Person, email: string | null): Promise<ProvisionedPerson>;
  /** For good: whoever comes under that name later is somebody else. */
  removePerson(id: SubjectId): Promise<void>;
  team(id: string): Promise<ProvisionedTeam | null>;
  /** Throws `conflict` where the group is there. */
  addTeam(group: string, displayName: string, externalId: string | null): Promise<ProvisionedTeam>;
  putTeam(id: string, displayName: string, externalId: string | null): Promise<ProvisionedTeam>;
  removeTeam(team: ProvisionedTeam): Promise<void>;
  /**
   * One step. Only users of the directory are added; throws `invalid` for any other id. Removing takes out none but its own.
   */
  moveMembers(team: ProvisionedTeam, step: MemberStep): Promise<MembersMoved>;
}

/** Where directories live. */
export interface DirectoryStore {
  list(): Promise<readonly Directory[]>;
  get(id: string): Promise<Directory | null>;
  create(directory: Directory, check: StandingCheck): Promise<void>;
  put(directory: Directory, check: StandingCheck): Promise<void>;
  /** Its users and groups stay, as local ones. */
  remove(id: string, check: StandingCheck): Promise<boolean>;
  /** Makes a local user, without their password, or group its own. Throws `conflict`, `not-found`. */
  give(
    directory: string,
    what: { readonly user: SubjectId } | { readonly group: string },
    check: StandingCheck,
  ): Promise<void>;

  addToken(token: Omit<DirectoryToken, "lastUsedAt">, hash: Buffer, check: StandingCheck): Promise<void>;
  tokens(directory: string): Promise<readonly DirectoryToken[]>;
  removeToken(directory: string, id: string): Promise<boolean>;
  /** That has not expired, of a directory that is enabled; says that it was used. */
  byToken(hash: Buffer): Promise<{ readonly directory: Directory; readonly token: string } | null>;

  people(directory: string, slice: Slice): Promise<Found<ProvisionedPerson>>;
  person(directory: string, id: string): Promise<ProvisionedPerson | null>;
  teams(directory: string, slice: Slice): Promise<Found<ProvisionedTeam>>;
  team(directory: string, id: string): Promise<ProvisionedTeam | null>;
  /** Of several groups at once, by the group's id. */
  members(directory: string, teams: readonly string[]): Promise<ReadonlyMap<string, readonly TeamMember[]>>;
  /** Throws `denied` where the directory was disabled meanwhile. */
  change<T>(directory: string, work: (write: DirectoryWrite) => Promise<T>): Promise<T>;

  /** Whether somebody of that name was removed by their directory and has not been provisioned or added by hand again. */
  departed(name: string): Promise<boolean>;
  /** Directory of each of these users, by name. */
  owners(ids: readonly SubjectId[]): Promise<ReadonlyMap<SubjectId, string>>;
  groupOwners(): Promise<ReadonlyMap<string, string>>;
}
