import { HoopError } from "../../vocabulary/index.js";
import { nameFrom } from "../names.js";
import { holdingsIn } from "../roles/rights.js";
import type { PatchOperation } from "./patch.js";
import { patchPerson } from "./patch-person.js";
import { patchTeam, type TeamChange, teamFrom } from "./patch-team.js";
import { emailOf, keyPath, type Person, personFrom } from "./person.js";
import { isRecord } from "./record.js";
import { refused } from "./refusal.js";
import type {
  DirectoryStore,
  DirectoryWrite,
  MembersMoved,
  ProvisionedPerson,
  ProvisionedTeam,
  TeamMember,
} from "./store.js";

export interface Before<Item> {
  readonly before: Item;
  readonly after: Item;
}

/** A group that changed, with who came and went. */
export interface TeamMoved extends Before<ProvisionedTeam> {
  readonly moved: MembersMoved;
}

/** Which version somebody believes to change; null: whichever it is. */
export type Expected = ((version: number) => boolean) | null;

/** What one directory may do to its own users and groups. Everything else is not there for it. */
export interface Provisioning {
  addPerson(body: unknown): Promise<ProvisionedPerson>;
  /** Whole, but for `active`: who is not said to be active again stays as they are. */
  replacePerson(id: string, body: unknown, expected: Expected): Promise<Before<ProvisionedPerson>>;
  patchPerson(
    id: string,
    operations: readonly PatchOperation[],
    expected: Expected,
  ): Promise<Before<ProvisionedPerson>>;
  removePerson(id: string, expected: Expected): Promise<ProvisionedPerson>;
  addTeam(body: unknown): Promise<{ readonly team: ProvisionedTeam; readonly moved: MembersMoved }>;
  replaceTeam(id: string, body: unknown, expected: Expected): Promise<TeamMoved>;
  patchTeam(id: string, operations: readonly PatchOperation[], expected: Expected): Promise<TeamMoved>;
  removeTeam(id: string, expected: Expected): Promise<ProvisionedTeam>;
}

export function createProvisioning(store: DirectoryStore, directory: string): Provisioning {
  const change = <T>(work: (write: DirectoryWrite) => Promise<T>) => store.change(directory, work);

  async function editPerson(
    id: string,
    expected: Expected,
    edit: (person: Person) => Person,
  ): Promise<Before<ProvisionedPerson>> {
    return change(async (write) => {
      const before = await personOf(write, id, expected);
      const next = edit(before.person);
      const after = await write.putPerson(before.id, loginName(next), next, emailOf(next));
      return { before, after };
    });
  }

  async function editTeam(id: string, expected: Expected, edit: TeamChange): Promise<TeamMoved> {
    return change(async (write) => {
      const before = await teamOf(write, id, expected);
      const moved = await moveAll(write, before, edit);
      const { displayName = before.displayName, externalId = before.externalId } = edit;
      return { before, after: await write.putTeam(before.id, displayName, externalId), moved };
    });
  }

  return {
    addPerson(body) {
      const person = personFrom(body);
      const [name, email] = [loginName(person), emailOf(person)];
      return change((write) => write.addPerson(name, person, email));
    },
    replacePerson(id, body, expected) {
      const person = personFrom(body);
      const said = isRecord(body) && Object.keys(body).some((key) => keyPath(key) === "active");
      return editPerson(id, expected, (before) => ({ ...person, active: said ? person.active : before.active }));
    },
    patchPerson: (id, operations, expected) => editPerson(id, expected, (before) => patchPerson(before, operations)),
    removePerson: (id, expected) =>
      change(async (write) => {
        const before = await personOf(write, id, expected);
        await write.removePerson(before.id);
        return before;
      }),

    addTeam(body) {
      const wanted = teamFrom(body);
      return change(async (write) => {
        const group = groupName(write.directory.groupPrefix, wanted.displayName);
        const team = await write.addTeam(group, wanted.displayName, wanted.externalId ?? null);
        return { team, moved: await moveAll(write, team, wanted) };
      });
    },
    replaceTeam: (id, body, expected) => {
      const wanted = teamFrom(body);
      // Whole: without members it has none.
      const members = wanted.members.length === 0 ? ([{ do: "clear" }] as const) : wanted.members;
      return editTeam(id, expected, { ...wanted, members });
    },
    patchTeam: (id, operations, expected) => editTeam(id, expected, patchTeam(operations, id)),
    removeTeam: (id, expected) =>
      change(async (write) => {
        const before = await teamOf(write, id, expected);
        await write.removeTeam(before);
        return before;
      }),
  };
}

async function moveAll(write: DirectoryWrite, team: ProvisionedTeam, { members }: TeamChange): Promise<MembersMoved> {
  const added = new Map<string, TeamMember>();
  const removed = new Map<string, TeamMember>();
  for (const step of members) {
    const moved = await write.moveMembers(team, step);
    for (const one of moved.removed) if (!added.delete(one.id)) removed.set(one.id, one);
    for (const one of moved.added) if (!removed.delete(one.id)) added.set(one.id, one);
  }
  if (added.size > 0) mayFill(write, team.group);
  return { added: [...added.values()], removed: [...removed.values()] };
}

/** Throws where the group gives a role and nobody has said that the directory may give it. */
function mayFill({ state, directory }: DirectoryWrite, group: string): void {
  const holdings = holdingsIn(state, { id: "" as ProvisionedPerson["id"], groups: [group] });
  if (holdings.every(({ permissions }) => permissions.size === 0) || directory.mayFill.includes(group)) return;
  throw new HoopError(
    "denied",
    `the group ${group} carries a role in Hoop; this directory may not put people into it`,
    {
      hint: `an admin allows it: hoop scim allow ${directory.name} ${group}`,
    },
  );
}

async function personOf(write: DirectoryWrite, id: string, expected: Expected): Promise<ProvisionedPerson> {
  const found = await write.person(id);
  if (found === null) throw new HoopError("not-found", "there is no such user");
  return current(found, expected);
}

async function teamOf(write: DirectoryWrite, id: string, expected: Expected): Promise<ProvisionedTeam> {
  const found = await write.team(id);
  if (found === null) throw new HoopError("not-found", "there is no such group");
  return current(found, expected);
}

function current<Item extends { readonly version: number }>(found: Item, expected: Expected): Item {
  if (expected === null || expected(found.version)) return found;
  throw new HoopError("precondition-failed", "it was changed meanwhile");
}

/** The login name of a directory's user: their userName in lower case. Throws `invalidValue`. */
function loginName({ userName }: Person): string {
  try {
    return nameFrom(userName, "user");
  } catch {
    throw refused("invalidValue", "userName has 1 to 64 characters: letters a to z, digits and . _ @ + - between them");
  }
}

/** `Payments Team` becomes `payments-team`. Throws `invalidValue`: nothing else is changed, for two names must not become one. */
function groupName(prefix: string, displayName: string): string {
  try {
    return nameFrom(prefix + displayName.trim().replaceAll(/\s+/g, "-"), "group");
  } catch {
    throw refused(
      "invalidValue",
      "displayName has 1 to 64 characters: letters, digits, spaces and . _ @ + - between them",
    );
  }
}
