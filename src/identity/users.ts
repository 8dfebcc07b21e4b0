import { randomUUID } from "node:crypto";
import { HoopError, type SubjectId, subjectId } from "../vocabulary/index.js";
import { checkPassword, nameFrom } from "./names.js";
import type { Passwords } from "./passwords.js";
import type { StandingCheck } from "./roles/index.js";
import type { IdentityStore, StoredSubject } from "./store.js";

/** A user as others may see it. */
export type User = Omit<StoredSubject, "passwordHash"> & { readonly hasPassword: boolean };

export interface UserDraft {
  readonly name: string;
  readonly kind?: StoredSubject["kind"] | undefined;
  readonly email?: string | null | undefined;
  readonly groups?: readonly string[] | undefined;
  /** None: the user cannot sign in by password. */
  readonly password?: string | undefined;
}

export interface UserChange {
  readonly email?: string | null | undefined;
  readonly groups?: readonly string[] | undefined;
  readonly disabled?: boolean | undefined;
  readonly password?: string | undefined;
}

/** People, service accounts and agents of AI. A `check` decides in the change's own transaction whether its author may make it. */
export interface Users {
  list(page: { readonly after: string | null; readonly limit: number }): Promise<readonly User[]>;
  /** By id or name. Throws HoopError `not-found`. */
  get(idOrName: string): Promise<User>;
  create(draft: UserDraft, check?: StandingCheck): Promise<User>;
  /** Disabling and a new password end every login of the user, but `exceptLogin`. Answers both states. */
  change(
    id: SubjectId,
    change: UserChange,
    exceptLogin?: string | null,
    check?: StandingCheck,
  ): Promise<{ readonly before: User; readonly after: User }>;
  remove(id: SubjectId, check?: StandingCheck): Promise<User>;
  /** Throws HoopError `unauthenticated` when the current password is wrong. */
  changeOwnPassword(id: SubjectId, current: string, next: string, login: string): Promise<void>;
}

export function createUsers({ store, passwords }: { store: IdentityStore; passwords: Passwords }): Users {
  const uuid = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

  async function stored(idOrName: string): Promise<StoredSubject> {
    const found = await store.subject(
      uuid.test(idOrName) ? { id: subjectId(idOrName) } : { name: idOrName.toLowerCase() },
    );
    if (found === null)
      throw new HoopError("not-found", `there is no user ${JSON.stringify(idOrName.slice(0, 64))}`, {
        hint: "hoop users ls",
      });
    return found;
  }

  const users: Users = {
    list: async (page) => (await store.subjects(page)).map(userFrom),
    get: async (idOrName) => userFrom(await stored(idOrName)),

    async create(draft, check) {
      const name = nameFrom(draft.name, "user");
      const kind = draft.kind ?? "person";
      if (kind !== "person" && draft.password !== undefined)
        throw new HoopError("invalid", "only people have passwords");
      if (draft.password !== undefined) checkPassword(draft.password, name);
      const passwordHash = draft.password === undefined ? null : await passwords.hash(draft.password);
      const groups = groupNames(draft.groups ?? []);
      return userFrom(
        await store.createSubject(
          {
            id: subjectId(randomUUID()),
            kind,
            name,
            email: draft.email ?? null,
            groups,
            passwordHash,
          },
          check,
        ),
      );
    },

    async change(id, change, exceptLogin = null, check = undefined) {
      const before = await stored(id);
      if (change.password !== undefined) {
        if (before.kind !== "person") throw new HoopError("invalid", "only people have passwords");
        checkPassword(change.password, before.name);
      }
      const endLogins =
        change.disabled === true
          ? { because: "disabled", except: null }
          : change.password === undefined
            ? null
            : { because: "the password was changed", except: exceptLogin };
      const after = await store.changeSubject(
        id,
        {
          email: change.email,
          groups: change.groups === undefined ? undefined : groupNames(change.groups),
          disabled: change.disabled,
          passwordHash: change.password === undefined ? undefined : await passwords.hash(change.password),
        },
        endLogins,
        check,
      );
      if (after === null) throw new HoopError("not-found", "this user was removed meanwhile");
      return { before: userFrom(before), after: userFrom(after) };
    },

    async remove(id, check) {
      const before = await stored(id);
      if (!(await store.removeSubject(id, check))) throw new HoopError("not-found", "this user was removed meanwhile");
      return userFrom(before);
    },

    async changeOwnPassword(id, current, next, login) {
      const subject = await stored(id);
      if (!(await passwords.verify(subject.passwordHash, current)))
        throw new HoopError("unauthenticated", "the current password is wrong");
      await users.change(id, { password: next }, login);
    },
  };
  return users;
}

function groupNames(groups: readonly string[]): string[] {
  return [...new Set(groups.map((group) => nameFrom(group, "group")))].sort();
}

function userFrom({ passwordHash, ...subject }: StoredSubject): User {
  return { ...subject, hasPassword: passwordHash !== null };
}
