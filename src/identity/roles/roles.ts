import { randomUUID } from "node:crypto";
import { HoopError, type Subject, type SubjectId } from "../../vocabulary/index.js";
import { nameFrom } from "../names.js";
import { builtInRoles, isBuiltIn } from "./built-in.js";
import { authorOf, type GrantChecks, grantChecks } from "./checks.js";
import { isPermission, isScoped, type Permission } from "./permissions.js";
import { holdingOf, holdingsIn, type Rights, rightsIn } from "./rights.js";
import { type Scope, scopeFrom, scopeText } from "./scope.js";
import type { RoleBinding, RoleState, RoleStore, RoleWrite, StandingCheck } from "./store.js";

export interface Role {
  readonly name: string;
  readonly description: string;
  readonly permissions: readonly Permission[];
  readonly builtIn: boolean;
  readonly version: number;
}

export interface RoleDraft {
  readonly name: string;
  readonly description: string;
  readonly permissions: readonly string[];
}

export interface BindingDraft {
  readonly role: string;
  readonly to: { readonly group: string } | { readonly user: string };
  readonly scope: Readonly<Record<string, readonly string[]>> | null;
}

/** Roles and who has them. `by` is who asks: nobody gives what they do not have. Null: Hoop itself. */
export interface Roles {
  /** Of a subject, now; from memory. */
  rights(subject: Subject): Rights;
  list(): readonly Role[];
  /** Throws HoopError `not-found`. */
  get(name: string): Role;
  bindings(): readonly RoleBinding[];
  /** Those that somebody with this id and these groups has. */
  bindingsOf(subject: Pick<Subject, "id" | "groups">): readonly RoleBinding[];
  /** Whether a group's members have any permission by it. */
  carriesRole(group: string): boolean;
  create(draft: RoleDraft, by: Subject | null): Promise<Role>;
  /** What is left out stays. Throws `precondition-failed` when it is not at `version` any more. */
  edit(
    name: string,
    change: Partial<Omit<RoleDraft, "name">>,
    by: Subject | null,
    version?: number | undefined,
  ): Promise<{ readonly before: Role; readonly after: Role }>;
  /** With its bindings. */
  remove(name: string, by: Subject | null): Promise<{ readonly role: Role; readonly bindings: readonly RoleBinding[] }>;
  bind(draft: BindingDraft, by: Subject | null): Promise<RoleBinding>;
  unbind(id: string, by: Subject | null): Promise<RoleBinding>;
  readonly checks: GrantChecks;
  /** Runs a check on what the store says now, where what it guards has no transaction of its own. */
  verify(check: StandingCheck): Promise<void>;
  /** Called after each change, when it counts already. */
  watch(listener: () => void): () => void;
  close(): void;
}

const retryMs = 250;
const most = { roles: 200, bindings: 5_000 };

export async function createRoles({
  store,
  log,
}: {
  readonly store: RoleStore;
  readonly log: { warn(fields: object, text: string): void };
}): Promise<Roles> {
  let state = await store.read();
  let closed = false;
  let reading: Promise<void> | null = null;
  let again = false;
  const listeners = new Set<() => void>();
  // Subjects are values that are replaced, never changed; a new state makes all of it worthless.
  let known = new WeakMap<Subject, Rights>();

  /** One reading at a time; a change during one asks for another. */
  function reload(): Promise<void> {
    again = true;
    reading ??= (async () => {
      try {
        while (again && !closed) {
          again = false;
          state = await store.read();
          known = new WeakMap();
          for (const listener of listeners) listener();
        }
      } finally {
        reading = null;
      }
    })();
    return reading;
  }

  function follow(): void {
    if (closed) return;
    reload().catch((error: unknown) => {
      log.warn({ err: error }, "roles cannot be read; tried again");
      setTimeout(follow, retryMs).unref();
    });
  }
  const stop = store.watch(follow);

  async function write<T>(work: (now: RoleWrite) => Promise<T>): Promise<T> {
    const answer = await store.change(work);
    await reload();
    return answer;
  }

  const roles: Roles = {
    rights(subject) {
      let rights = known.get(subject);
      if (rights === undefined) {
        rights = rightsIn(state, subject);
        known.set(subject, rights);
      }
      return rights;
    },
    list: () => rolesIn(state),
    get: (name) => roleIn(state, name),
    bindings: () => state.bindings,
    bindingsOf: ({ id, groups }) =>
      state.bindings.filter(({ to }) => (to.kind === "group" ? groups.includes(to.name) : to.id === id)),
    carriesRole: (group) =>
      holdingsIn(state, { id: "" as SubjectId, groups: [group] }).some((one) => one.permissions.size > 0),

    create: (draft, by) =>
      write(async (now) => {
        const name = nameFrom(draft.name, "role");
        if (isBuiltIn(name) || now.state.roles.some((role) => role.name === name))
          throw new HoopError("conflict", `there is a role ${name} already`);
        if (now.state.roles.length >= most.roles)
          throw new HoopError("limited", `there are ${most.roles} roles already`);
        const role = {
          name,
          description: textFrom(draft.description),
          permissions: named(draft.permissions),
          version: 1,
        };
        const author = await authorOf(now, by);
        const lack = author === null ? undefined : role.permissions.find((one) => !author.rights.hasSomewhere(one));
        if (lack !== undefined) throw notYours(lack);
        await now.putRole(role);
        return { ...role, builtIn: false };
      }),

    edit: (name, change, by, version) =>
      write(async (now) => {
        const before = ownRole(now.state, name);
        if (version !== undefined && version !== before.version)
          throw new HoopError("precondition-failed", `${before.name} was changed meanwhile`, { hint: "read it again" });
        const after: Role = {
          ...before,
          description: change.description === undefined ? before.description : textFrom(change.description),
          permissions: change.permissions === undefined ? before.permissions : named(change.permissions),
          version: before.version + 1,
        };
        const bound = now.state.bindings.filter(({ role }) => role === before.name);
        for (const { scope } of bound) limited(after, scope);
        // Both what it gave and what it will give, to all who have it.
        await mayHandle(now, by, before, bound);
        await mayHandle(now, by, after, bound);
        await now.putRole(after);
        return { before, after };
      }),

    remove: (name, by) =>
      write(async (now) => {
        const role = ownRole(now.state, name);
        const bindings = now.state.bindings.filter((binding) => binding.role === role.name);
        await mayHandle(now, by, role, bindings);
        await now.removeRole(role.name);
        return { role, bindings };
      }),

    bind: (draft, by) =>
      write(async (now) => {
        const role = roleIn(now.state, draft.role);
        const scope = draft.scope === null ? null : scopeFrom(draft.scope);
        limited(role, scope);
        const to = await bindee(now, draft.to);
        if (now.state.bindings.length >= most.bindings)
          throw new HoopError("limited", `there are ${most.bindings} bindings already`);
        const same = now.state.bindings.some(
          (one) =>
            one.role === role.name &&
            scopeText(one.scope) === scopeText(scope) &&
            (one.to.kind === "user"
              ? to.kind === "user" && to.id === one.to.id
              : to.kind === "group" && to.name === one.to.name),
        );
        if (same) throw new HoopError("conflict", `${to.name} has ${role.name} ${scopeText(scope)} already`);
        const binding: RoleBinding = {
          id: randomUUID(),
          role: role.name,
          to,
          scope,
          createdAt: new Date(),
          createdBy: by?.name ?? "Hoop",
        };
        await mayHandle(now, by, role, [binding]);
        await now.bind(binding);
        return binding;
      }),

    unbind: (id, by) =>
      write(async (now) => {
        const binding = now.state.bindings.find((one) => one.id === id);
        if (binding === undefined)
          throw new HoopError("not-found", "there is no such binding", { hint: "hoop roles ls" });
        await mayHandle(now, by, roleIn(now.state, binding.role), [binding]);
        await now.unbind(id);
        return binding;
      }),

    checks: grantChecks,
    verify: async (check) => check(await store.standing()),
    watch(listener) {
      const own = () => listener();
      listeners.add(own);
      return () => listeners.delete(own);
    },
    close() {
      closed = true;
      stop();
    },
  };
  return roles;
}

function rolesIn(state: RoleState): readonly Role[] {
  return [
    ...builtInRoles.map((role) => ({ ...role, builtIn: true, version: 1 })),
    ...state.roles.map((role) => ({ ...role, permissions: role.permissions.filter(isPermission), builtIn: false })),
  ];
}

function roleIn(state: RoleState, name: string): Role {
  const found = rolesIn(state).find((role) => role.name === name.toLowerCase());
  if (found !== undefined) return found;
  throw new HoopError("not-found", `there is no role ${JSON.stringify(name.slice(0, 64))}`, { hint: "hoop roles ls" });
}

/** One that may be changed. */
function ownRole(state: RoleState, name: string): Role {
  const role = roleIn(state, name);
  if (role.builtIn)
    throw new HoopError("invalid", `${role.name} comes with Hoop and stays as it is`, {
      hint: "make a role of your own",
    });
  return role;
}

function named(permissions: readonly string[]): readonly Permission[] {
  const unknown = permissions.find((name) => !isPermission(name));
  if (unknown !== undefined)
    throw new HoopError("invalid", `there is no permission ${JSON.stringify(unknown.slice(0, 64))}`, {
      hint: "GET /api/v1/permissions, or docs/roles.md",
    });
  return [...new Set(permissions.filter(isPermission))].sort();
}

/** Throws when a role under a scope would promise what a scope cannot limit. */
function limited({ name, permissions }: Role, scope: Scope | null): void {
  const whole = scope === null ? undefined : permissions.find((permission) => !isScoped(permission));
  if (whole !== undefined)
    throw new HoopError("invalid", `${whole} cannot be limited to labels, and ${name} has it`, {
      hint: "make a role without it for this",
    });
}

async function bindee(now: RoleWrite, to: BindingDraft["to"]): Promise<RoleBinding["to"]> {
  // A group that is not there is refused by the store.
  if ("group" in to) return { kind: "group", name: nameFrom(to.group, "group") };
  const user = await now.subject(uuid.test(to.user) ? { id: to.user as SubjectId } : { name: to.user.toLowerCase() });
  if (user === null) throw new HoopError("not-found", `there is no user ${JSON.stringify(to.user.slice(0, 64))}`);
  return { kind: "user", id: user.id, name: user.name };
}

const uuid = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

/** Throws unless the author has what this role gives by these bindings. */
async function mayHandle(
  now: RoleWrite,
  by: Subject | null,
  role: Role,
  bindings: readonly Pick<RoleBinding, "scope">[],
): Promise<void> {
  const author = await authorOf(now, by);
  if (author === null) return;
  const lack = author.rights.lacks(
    bindings.map(({ scope }) => holdingOf({ roles: [role] }, role.name, scope)).filter((holding) => holding !== null),
  );
  if (lack !== null) throw notYours(lack);
  const unheld = role.permissions.find((permission) => !author.rights.hasSomewhere(permission));
  if (unheld !== undefined) throw notYours(unheld);
}

function notYours(lack: string): HoopError {
  return new HoopError("denied", `you do not have ${lack} yourself, so you cannot give or take it`, {
    hint: "ask an admin",
  });
}

function textFrom(description: string): string {
  return description.replaceAll(/\p{C}/gu, " ").trim().slice(0, 500);
}
