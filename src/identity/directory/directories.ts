import { randomUUID } from "node:crypto";
import { HoopError, type Subject, type SubjectId } from "../../vocabulary/index.js";
import { nameFrom } from "../names.js";
import { authorOf, grantChecks } from "../roles/checks.js";
import { holdingsIn, isAdminHolding } from "../roles/rights.js";
import type { Standing, StandingCheck } from "../roles/store.js";
import { hashToken, mintToken } from "../token.js";
import { createProvisioning, type Provisioning } from "./provisioning.js";
import type { Directory, DirectoryStore, DirectoryToken } from "./store.js";

export interface DirectoryDraft {
  readonly name: string;
  readonly description?: string | undefined;
  readonly groupPrefix?: string | undefined;
  readonly provider?: string | null | undefined;
  readonly matchBy?: Directory["matchBy"] | undefined;
}

export interface DirectoryChange {
  readonly description?: string | undefined;
  readonly enabled?: boolean | undefined;
  readonly provider?: string | null | undefined;
  readonly matchBy?: Directory["matchBy"] | undefined;
  /** All of them. */
  readonly mayFill?: readonly string[] | undefined;
}

/** Directories that provision users and groups. `by` is who asks; null: Hoop itself. */
export interface Directories {
  list(): Promise<readonly Directory[]>;
  /** By name or id. Throws HoopError `not-found`. */
  get(nameOrId: string): Promise<Directory>;
  create(draft: DirectoryDraft, by: Subject | null): Promise<Directory>;
  change(
    nameOrId: string,
    change: DirectoryChange,
    by: Subject | null,
  ): Promise<{ readonly before: Directory; readonly after: Directory }>;
  remove(nameOrId: string, by: Subject | null): Promise<Directory>;
  /** Makes somebody or a group that is here already its own; a user loses their local password. */
  give(
    nameOrId: string,
    what: { readonly user: SubjectId } | { readonly group: string },
    by: Subject | null,
  ): Promise<Directory>;
  tokens(nameOrId: string): Promise<readonly DirectoryToken[]>;
  /** Shown once. */
  mint(
    nameOrId: string,
    wanted: { readonly label: string; readonly lifeMs: number },
    by: Subject | null,
  ): Promise<{ readonly text: string; readonly token: Omit<DirectoryToken, "lastUsedAt"> }>;
  revoke(nameOrId: string, token: string): Promise<DirectoryToken>;
  /** Throws HoopError `unauthenticated`. */
  authenticate(token: string): Promise<{ readonly directory: Directory; readonly token: string }>;
  provisioning(directory: Directory): Provisioning;
  readonly store: Pick<DirectoryStore, "people" | "person" | "teams" | "team" | "members" | "owners" | "groupOwners">;
  /**
   * Whether a sign-in may make or let in somebody of that name. A person whom a directory has removed is not let in again by a
   * provider's word alone.
   */
  departed(name: string): Promise<boolean>;
}

const most = { directories: 50, tokens: 10, mayFill: 200 };

export function createDirectories({
  store,
  now,
}: {
  readonly store: DirectoryStore;
  readonly now: () => number;
}): Directories {
  async function get(nameOrId: string): Promise<Directory> {
    const found = (await store.list()).find((one) => one.id === nameOrId || one.name === nameOrId.toLowerCase());
    if (found !== undefined) return found;
    throw new HoopError("not-found", `there is no directory ${JSON.stringify(nameOrId.slice(0, 64))}`, {
      hint: "hoop scim ls",
    });
  }

  return {
    list: () => store.list(),
    get,

    async create(draft, by) {
      const list = await store.list();
      if (list.length >= most.directories)
        throw new HoopError("limited", `there are ${most.directories} directories already`);
      const groupPrefix = (draft.groupPrefix ?? "").toLowerCase();
      if (!/^[a-z0-9._+-]{0,20}$/.test(groupPrefix))
        throw new HoopError("invalid", "a group prefix has at most 20 characters: letters a to z, digits and . _ + -");
      const directory: Directory = {
        id: randomUUID(),
        name: nameFrom(draft.name, "group"),
        description: clean(draft.description ?? ""),
        groupPrefix,
        mayFill: [],
        enabled: true,
        provider: draft.provider ?? null,
        matchBy: draft.matchBy ?? "externalId",
        createdAt: new Date(now()),
      };
      await store.create(directory, mayHandle(by, []));
      return directory;
    },

    async change(nameOrId, change, by) {
      const before = await get(nameOrId);
      const mayFill =
        change.mayFill === undefined
          ? before.mayFill
          : [...new Set(change.mayFill.map((group) => nameFrom(group, "group")))].sort();
      if (mayFill.length > most.mayFill) throw new HoopError("invalid", `at most ${most.mayFill} groups`);
      const after: Directory = {
        ...before,
        description: change.description === undefined ? before.description : clean(change.description),
        enabled: change.enabled ?? before.enabled,
        provider: change.provider === undefined ? before.provider : change.provider,
        matchBy: change.matchBy ?? before.matchBy,
        mayFill,
      };
      await store.put(after, mayHandle(by, [...before.mayFill, ...mayFill]));
      return { before, after };
    },

    async remove(nameOrId, by) {
      const directory = await get(nameOrId);
      if (!(await store.remove(directory.id, mayHandle(by, directory.mayFill))))
        throw new HoopError("not-found", "this directory was removed meanwhile");
      return directory;
    },

    async give(nameOrId, what, by) {
      const directory = await get(nameOrId);
      const named = "group" in what ? { group: nameFrom(what.group, "group") } : what;
      await store.give(directory.id, named, async (standing) => {
        await mayHandle(by, directory.mayFill)(standing);
        if ("group" in named) return grantChecks.fill(by, [named.group])(standing);
        await grantChecks.change(by, named.user)(standing);
        await mayBeGiven(standing, named.user);
      });
      return directory;
    },

    tokens: async (nameOrId) => store.tokens((await get(nameOrId)).id),

    async mint(nameOrId, { label, lifeMs }, by) {
      const directory = await get(nameOrId);
      if ((await store.tokens(directory.id)).length >= most.tokens)
        throw new HoopError("limited", `a directory has at most ${most.tokens} tokens`, { hint: "revoke one" });
      const minted = mintToken("scim");
      const token = {
        id: randomUUID(),
        directory: directory.id,
        label: clean(label),
        createdAt: new Date(now()),
        createdBy: by?.name ?? "Hoop",
        expiresAt: new Date(now() + lifeMs),
      };
      await store.addToken(token, minted.hash, mayHandle(by, directory.mayFill));
      return { text: minted.text, token };
    },

    async revoke(nameOrId, id) {
      const directory = await get(nameOrId);
      const token = (await store.tokens(directory.id)).find((one) => one.id === id);
      if (token === undefined || !(await store.removeToken(directory.id, id)))
        throw new HoopError("not-found", `${directory.name} has no such token`);
      return token;
    },

    async authenticate(text) {
      const hash = hashToken(text, "scim");
      const found = hash === null ? null : await store.byToken(hash);
      if (found === null) throw new HoopError("unauthenticated", "this directory token is unknown, expired or revoked");
      return found;
    },

    provisioning: (directory) => createProvisioning(store, directory.id),
    store,
    departed: (name) => store.departed(name.toLowerCase()),
  };
}

/**
 * Whoever holds a directory's token fills groups that rules match on, and those that it may fill although they carry roles: making
 * one takes what giving all that takes.
 */
function mayHandle(by: Subject | null, mayFill: readonly string[]): StandingCheck {
  return async (standing) => {
    const author = await authorOf(standing, by);
    if (author === null) return;
    for (const permission of ["directory.write", "users.write", "groups.members", "policy.write"] as const) {
      if (!author.rights.has(permission))
        throw new HoopError("denied", `a directory gives what rules give its groups: you need ${permission}`, {
          hint: "ask an admin",
        });
    }
    await grantChecks.fill(by, mayFill)(standing);
  };
}

/** Throws for who must stay local: admins are the way in when a directory is wrong or hostile. */
async function mayBeGiven({ state, subject }: Standing, id: SubjectId): Promise<void> {
  const found = await subject({ id });
  if (found === null) throw new HoopError("not-found", "there is no such user");
  if (found.kind !== "person") throw new HoopError("invalid", "only people belong to directories");
  if (holdingsIn(state, found).some(isAdminHolding))
    throw new HoopError(
      "invalid",
      `${found.name} is an admin: admins stay local, as the way in when a directory fails`,
    );
}

const clean = (text: string): string => text.replaceAll(/\p{C}/gu, " ").trim().slice(0, 500);
