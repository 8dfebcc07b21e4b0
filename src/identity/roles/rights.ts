import type { Bounds, Connection, Subject } from "../../vocabulary/index.js";
import { adminRole, builtInRoles } from "./built-in.js";
import { isPermission, isScoped, type Permission, type ScopedPermission } from "./permissions.js";
import { contains, inScope, type Scope, scopeText } from "./scope.js";
import type { RoleState } from "./store.js";

/** What one binding gives. */
export interface Holding {
  readonly role: string;
  readonly permissions: ReadonlySet<Permission>;
  /** Null: everywhere. */
  readonly scope: Scope | null;
}

type Target = Pick<Connection, "name" | "labels">;

/** What somebody may do in Hoop itself. */
export interface Rights {
  readonly holdings: readonly Holding[];
  /** Without any limit to connections. */
  has(permission: Permission): boolean;
  /** On this connection. */
  hasOn(permission: ScopedPermission, connection: Target): boolean;
  /** On some connection, there or not: enough to be let in, never enough to be shown anything. */
  hasSomewhere(permission: Permission): boolean;
  /** Whether a rule or binding for these connections, there now or ever, is within. */
  hasWithin(permission: ScopedPermission, scope: Scope | null): boolean;
  /** What of these one has not oneself, in words; null: nothing. */
  lacks(wanted: readonly Holding[]): string | null;
}

export const noRights: Rights = rightsFrom([]);

/** The rights of a subject as roles and bindings are now. Of a machine that acts for a person: what both may, within its bounds. */
export function rightsIn(state: RoleState, subject: Subject): Rights {
  const own = bounded(rightsFrom(holdingsIn(state, subject)), subject.bounds ?? []);
  return subject.onBehalfOf === undefined ? own : bothOf(own, rightsIn(state, subject.onBehalfOf));
}

/** What bindings give somebody with this id and these groups. */
export function holdingsIn(state: RoleState, { id, groups }: Pick<Subject, "id" | "groups">): readonly Holding[] {
  return state.bindings.flatMap(({ role, to, scope }) => {
    if (to.kind === "group" ? !groups.includes(to.name) : to.id !== id) return [];
    const holding = holdingOf(state, role, scope);
    return holding === null ? [] : [holding];
  });
}

/** What one role gives under one scope; null: there is no such role. */
export function holdingOf(state: Pick<RoleState, "roles">, role: string, scope: Scope | null): Holding | null {
  const given =
    builtInRoles.find(({ name }) => name === role)?.permissions ??
    state.roles.find(({ name }) => name === role)?.permissions;
  if (given === undefined) return null;
  const known = given.filter(isPermission);
  // Under a scope nothing is given that a scope cannot limit.
  return { role, scope, permissions: new Set(scope === null ? known : known.filter(isScoped)) };
}

/** Whether members of this group get anything by it. */
export function carriesRole(state: RoleState, group: string): boolean {
  return state.bindings.some(
    ({ role, to, scope }) =>
      to.kind === "group" && to.name === group && (holdingOf(state, role, scope)?.permissions.size ?? 0) > 0,
  );
}

/** Whether somebody has the whole of the role that may everything. */
export const isAdminHolding = ({ role, scope }: Holding): boolean => role === adminRole && scope === null;

export function rightsFrom(holdings: readonly Holding[]): Rights {
  const some = (permission: Permission, where: (scope: Scope | null) => boolean) =>
    holdings.some(({ permissions, scope }) => permissions.has(permission) && where(scope));
  const rights: Rights = {
    holdings,
    has: (permission) => some(permission, (scope) => scope === null),
    hasOn: (permission, { labels }) => some(permission, (scope) => inScope(scope, labels)),
    hasSomewhere: (permission) => some(permission, () => true),
    hasWithin: (permission, scope) => some(permission, (held) => contains(held, scope)),
    lacks: (wanted) => lackOf(rights, wanted),
  };
  return rights;
}

function lackOf(rights: Pick<Rights, "has" | "hasWithin">, wanted: readonly Holding[]): string | null {
  for (const { permissions, scope } of wanted) {
    for (const permission of permissions) {
      const held = isScoped(permission) ? rights.hasWithin(permission, scope) : rights.has(permission);
      if (!held) return scope === null ? permission : `${permission} on ${scopeText(scope)}`;
    }
  }
  return null;
}

/** Takes away what a token's bounds do not let through. */
function bounded(rights: Rights, bounds: readonly Bounds[]): Rights {
  if (bounds.length === 0) return rights;
  const named = (permission: Permission) =>
    bounds.every(({ permissions }) => permissions === undefined || permissions.includes(permission));
  // A bound to connections may be by name: no label scope is known to be within it.
  const placed = bounds.some(({ connections }) => connections !== undefined);
  const somewhere = (permission: Permission) => named(permission) && (!placed || !isScoped(permission));
  const result: Rights = {
    holdings: rights.holdings,
    has: (permission) => somewhere(permission) && rights.has(permission),
    hasOn: (permission, connection) =>
      named(permission) && rights.hasOn(permission, connection) && bounds.every((bound) => fits(bound, connection)),
    hasSomewhere: (permission) => named(permission) && rights.hasSomewhere(permission),
    hasWithin: (permission, scope) => somewhere(permission) && rights.hasWithin(permission, scope),
    lacks: (wanted) => lackOf(result, wanted),
  };
  return result;
}

function fits({ connections }: Bounds, { name, labels }: Target): boolean {
  if (connections === undefined) return true;
  return connections.some(
    (bound) =>
      (bound.names !== undefined || bound.labels !== undefined) &&
      (bound.names === undefined || bound.names.some((pattern) => globFits(pattern, name))) &&
      Object.entries(bound.labels ?? {}).every(([key, value]) => Object.hasOwn(labels, key) && labels[key] === value),
  );
}

/** `*` stands for any run of characters. Each piece takes the leftmost place, so no pattern is slow. */
function globFits(pattern: string, name: string): boolean {
  const pieces = pattern.split("*");
  if (pieces.length === 1) return pattern === name;
  const [first, last] = [pieces[0]!, pieces.at(-1)!];
  const end = name.length - last.length;
  if (end < first.length || !name.startsWith(first) || !name.endsWith(last)) return false;
  let at = first.length;
  for (const piece of pieces.slice(1, -1)) {
    const found = name.indexOf(piece, at);
    if (found === -1 || found + piece.length > end) return false;
    at = found + piece.length;
  }
  return true;
}

function bothOf(a: Rights, b: Rights): Rights {
  const result: Rights = {
    holdings: a.holdings,
    has: (permission) => a.has(permission) && b.has(permission),
    hasOn: (permission, connection) => a.hasOn(permission, connection) && b.hasOn(permission, connection),
    hasSomewhere: (permission) => a.hasSomewhere(permission) && b.hasSomewhere(permission),
    hasWithin: (permission, scope) => a.hasWithin(permission, scope) && b.hasWithin(permission, scope),
    lacks: (wanted) => a.lacks(wanted) ?? b.lacks(wanted),
  };
  return result;
}
