import { HoopError, type Subject, type SubjectId } from "../../vocabulary/index.js";
import type { Permission } from "./permissions.js";
import { carriesRole, holdingsIn, noRights, type Rights, rightsIn } from "./rights.js";
import type { RoleState, Standing, StandingCheck } from "./store.js";

/**
 * Nobody gives or takes what they do not have. Each check runs in the transaction of the change that it guards, on what its
 * author and its target are at that moment. A null author is Hoop itself.
 */
export interface GrantChecks {
  /** A new user in these groups. */
  create(by: Subject | null, groups: readonly string[]): StandingCheck;
  /** Any change of a user; `groups`: the groups that they will be in, undefined: as before. */
  change(by: Subject | null, target: SubjectId, groups?: readonly string[] | undefined): StandingCheck;
  /** A machine's keys and whose workloads become it: whoever makes one can become it. Null target: a new one in these groups. */
  machine(by: Subject | null, target: SubjectId | null, groups?: readonly string[] | undefined): StandingCheck;
  /** A group that goes, with what its members have by it. */
  removeGroup(by: Subject | null, group: string): StandingCheck;
  /** Something that will put people into these groups by itself: a provider's mapping, a directory's leave. */
  fill(by: Subject | null, groups: readonly string[]): StandingCheck;
}

export const grantChecks: GrantChecks = {
  create: (by, groups) => async (now) => {
    const author = await authorOf(now, by);
    if (author === null) return;
    needs(author, "users.write");
    if (groups.length > 0) needs(author, "groups.members");
    for (const group of groups) mayFill(now.state, author, group);
  },

  change: (by, target, groups) => async (now) => {
    const author = await authorOf(now, by);
    if (author === null) return;
    needs(author, "users.write");
    const before = await now.subject({ id: target });
    // Not there any more: the change itself says so.
    if (before === null) return;
    mayRule(now.state, author, before);
    if (groups === undefined) return;
    const moved = [
      ...groups.filter((group) => !before.groups.includes(group)),
      // Out of a group is not only less: rules forbid by group as well.
      ...before.groups.filter((group) => !groups.includes(group)),
    ];
    if (moved.length > 0) needs(author, "groups.members");
    if (moved.length > 0 && before.id === author.subject.id && !author.rights.has("policy.write"))
      throw new HoopError("denied", "nobody changes their own groups", { hint: "ask an admin" });
    for (const group of moved) mayFill(now.state, author, group);
  },

  machine: (by, target, groups) => async (now) => {
    const author = await authorOf(now, by);
    if (author === null) return;
    needs(author, "machines.write");
    const before = target === null ? null : await now.subject({ id: target });
    if (before !== null) mayRule(now.state, author, before);
    // What it has by a group its key gives away: as much as putting somebody into it.
    for (const group of new Set([...(before?.groups ?? []), ...(groups ?? [])])) mayFill(now.state, author, group);
  },

  removeGroup: (by, group) => async (now) => {
    const author = await authorOf(now, by);
    if (author === null) return;
    needs(author, "groups.write");
    mayFill(now.state, author, group);
  },

  fill: (by, groups) => async (now) => {
    const author = await authorOf(now, by);
    if (author !== null) for (const group of groups) mayFill(now.state, author, group);
  },
};

export interface Author {
  readonly subject: Subject;
  readonly rights: Rights;
}

/** Who asks, as they are at this moment: what a token remembers may have been taken away meanwhile. */
export async function authorOf(now: Standing, by: Subject | null): Promise<Author | null> {
  if (by === null) return null;
  const subject = await freshly(now, by);
  return { subject: subject ?? by, rights: subject === null ? noRights : rightsIn(now.state, subject) };
}

/** With its groups of now; null when it, or the person that it acts for, is gone. */
async function freshly(now: Standing, by: Subject): Promise<Subject | null> {
  const stored = await now.subject({ id: by.id });
  if (stored === null || stored.disabled) return null;
  const person = by.onBehalfOf === undefined ? undefined : await freshly(now, by.onBehalfOf);
  if (person === null) return null;
  return { ...by, groups: stored.groups, ...(person === undefined ? {} : { onBehalfOf: person }) };
}

/** The route has asked for it; here it is asked once more, for what was taken away meanwhile. */
function needs({ rights }: Author, permission: Permission): void {
  if (!rights.has(permission)) throw new HoopError("denied", `you may not do this: it needs ${permission}`);
}

/** Throws unless the author has all that the other one has: who may change somebody can become them. */
function mayRule(state: RoleState, { rights, subject }: Author, other: Pick<Subject, "id" | "groups">): void {
  if (other.id === subject.id) return;
  const lack = rights.lacks(holdingsIn(state, other));
  if (lack !== null) throw new HoopError("denied", `this user may more than you: ${lack}`, { hint: "ask an admin" });
}

/** Throws unless the author may put people into this group and take them out. */
function mayFill(state: RoleState, { rights, subject }: Author, group: string): void {
  const holdings = holdingsIn(state, { id: "" as SubjectId, groups: [group] });
  const lack = carriesRole(state, group) ? rights.lacks(holdings) : null;
  if (lack !== null)
    throw new HoopError("denied", `the group ${group} gives ${lack}, which you do not have`, { hint: "ask an admin" });
  // What rules give a group nobody can see from here: its own members have it, and who may write any rule could give it.
  if (!subject.groups.includes(group) && !rights.has("policy.write"))
    throw new HoopError(
      "denied",
      `you are not in ${group} yourself, so you cannot put others into it or take them out`,
      {
        hint: "ask one of its members who may, or an admin",
      },
    );
}
