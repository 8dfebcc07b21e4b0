import type { ProvisionedPerson, ProvisionedTeam, TeamMember } from "../../identity/index.js";
import { urns } from "./media.js";

export const etagOf = ({ version }: { readonly version: number }): string => `W/"${version}"`;

/** A user as the protocol shows it; what is not there is left out. */
export function shownPerson(
  { id, person, usable, groups, ...more }: ProvisionedPerson,
  base: string,
): Record<string, unknown> {
  const { texts, lists } = person;
  const part = (prefix: string) =>
    Object.entries(texts).flatMap(([name, text]): [string, string][] =>
      name.startsWith(prefix) && !name.slice(prefix.length).includes(".") ? [[name.slice(prefix.length), text]] : [],
    );
  const manager = Object.fromEntries(part("enterprise.manager."));
  const enterprise = {
    ...Object.fromEntries(part("enterprise.")),
    ...(Object.keys(manager).length === 0 ? {} : { manager }),
  };
  const name = Object.fromEntries(part("name."));
  const extended = Object.keys(enterprise).length > 0;
  return {
    schemas: extended ? [urns.user, urns.enterprise] : [urns.user],
    id,
    ...(person.externalId === null ? {} : { externalId: person.externalId }),
    userName: person.userName,
    ...Object.fromEntries(part("")),
    ...(Object.keys(name).length === 0 ? {} : { name }),
    active: usable,
    ...lists,
    ...(groups.length === 0
      ? {}
      : {
          groups: groups.map((group) => ({
            value: group.id,
            display: group.displayName,
            $ref: `${base}/Groups/${group.id}`,
            type: "direct",
          })),
        }),
    ...(extended ? { [urns.enterprise]: enterprise } : {}),
    meta: metaOf("User", `${base}/Users/${id}`, more),
  };
}

export function shownTeam(
  team: ProvisionedTeam,
  members: readonly TeamMember[],
  base: string,
): Record<string, unknown> {
  return {
    schemas: [urns.group],
    id: team.id,
    ...(team.externalId === null ? {} : { externalId: team.externalId }),
    displayName: team.displayName,
    members: members.map(({ id, name }) => ({ value: id, display: name, $ref: `${base}/Users/${id}`, type: "User" })),
    meta: metaOf("Group", `${base}/Groups/${team.id}`, team),
  };
}

function metaOf(
  resourceType: string,
  location: string,
  { createdAt, changedAt, version }: { readonly createdAt: Date; readonly changedAt: Date; readonly version: number },
) {
  return {
    resourceType,
    location,
    created: createdAt.toISOString(),
    lastModified: changedAt.toISOString(),
    version: etagOf({ version }),
  };
}

/** Which attributes are wanted: `attributes` names all of them, `excludedAttributes` those that are not. */
export interface Wanted {
  readonly only: ReadonlySet<string> | null;
  readonly without: ReadonlySet<string>;
}

/** What is always there, whatever is asked for. */
const always = new Set(["schemas", "id"]);

/** Only the attributes that are wanted, by their own names and those of their parts. */
export function pick(resource: Record<string, unknown>, { only, without }: Wanted): Record<string, unknown> {
  if (only === null && without.size === 0) return resource;
  return Object.fromEntries(
    Object.entries(resource).flatMap(([name, value]): [string, unknown][] => {
      const lower = name.toLowerCase();
      if (always.has(lower)) return [[name, value]];
      if (without.has(lower)) return [];
      if (only === null || only.has(lower)) return [[name, value]];
      const parts = partsOf(value, (part) => only.has(`${lower}.${part}`) || only.has(`${lower}:${part}`));
      return parts === undefined ? [] : [[name, parts]];
    }),
  );
}

function partsOf(value: unknown, wanted: (part: string) => boolean): unknown {
  if (Array.isArray(value)) {
    const items = value.map((item) => partsOf(item, wanted)).filter((item) => item !== undefined);
    return items.length === 0 ? undefined : items;
  }
  if (typeof value !== "object" || value === null) return undefined;
  const kept = Object.entries(value).filter(([name]) => wanted(name.toLowerCase()));
  return kept.length === 0 ? undefined : Object.fromEntries(kept);
}
