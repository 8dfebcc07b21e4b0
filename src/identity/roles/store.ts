import type { SubjectId } from "../../vocabulary/index.js";
import type { StoredSubject } from "../store.js";
import type { Scope } from "./scope.js";

/** A role of somebody's own making. */
export interface StoredRole {
  readonly name: string;
  readonly description: string;
  /** As they were written; what this version does not know gives nothing. */
  readonly permissions: readonly string[];
  readonly version: number;
}

export type Bindee =
  | { readonly kind: "group"; readonly name: string }
  | { readonly kind: "user"; readonly id: SubjectId; readonly name: string };

/** Who has a role, and where. */
export interface RoleBinding {
  readonly id: string;
  readonly role: string;
  readonly to: Bindee;
  /** Null: everywhere. */
  readonly scope: Scope | null;
  readonly createdAt: Date;
  readonly createdBy: string;
}

export interface RoleState {
  readonly roles: readonly StoredRole[];
  readonly bindings: readonly RoleBinding[];
}

/** What is true while a change is being made: nobody else changes users, groups or roles meanwhile. */
export interface Standing {
  readonly state: RoleState;
  subject(by: { readonly id: SubjectId } | { readonly name: string }): Promise<StoredSubject | null>;
}

/** Throws where the change may not be made. It runs in the change's own transaction. */
export type StandingCheck = (now: Standing) => Promise<void>;

export interface RoleWrite extends Standing {
  putRole(role: StoredRole): Promise<void>;
  removeRole(name: string): Promise<void>;
  bind(binding: RoleBinding): Promise<void>;
  unbind(id: string): Promise<void>;
}

/** Where roles live. */
export interface RoleStore {
  read(): Promise<RoleState>;
  /** As it is now, for a check outside of a change. */
  standing(): Promise<Standing>;
  /** One at a time, also with changes of users and groups. Throws HoopError `conflict` when nobody were an admin afterwards. */
  change<T>(work: (write: RoleWrite) => Promise<T>): Promise<T>;
  /** Called after each change by any replica, ours included. */
  watch(listener: () => void): () => void;
}
