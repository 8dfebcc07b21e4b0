import { type Permission, permissionNames } from "./permissions.js";

export interface BuiltInRole {
  readonly name: string;
  readonly description: string;
  readonly permissions: readonly Permission[];
}

/** Its holders may everything, also what later versions add. There is always one who can sign in. */
export const adminRole = "admin";

const reading = permissionNames.filter((name) => name.endsWith(".read"));

/** Roles that come with Hoop: they can be bound, and not changed. */
export const builtInRoles: readonly BuiltInRole[] = [
  { name: adminRole, description: "May everything.", permissions: permissionNames },
  {
    name: "auditor",
    description: "Reads everything, opens what recordings seal, takes the audit along; changes nothing.",
    permissions: [...reading, "sessions.reveal", "audit.export"],
  },
  {
    name: "reviewer",
    description: "Sees everybody's reviews and what they are about. Who may decide on one its rule says.",
    permissions: ["reviews.read", "grants.read", "connections.read", "sessions.read"],
  },
  {
    name: "engineer",
    description: "Uses connections as the rules allow, asks for access and sees what is their own; guards nothing.",
    permissions: [],
  },
];

export const isBuiltIn = (name: string): boolean => builtInRoles.some((role) => role.name === name);
