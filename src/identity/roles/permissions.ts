/** What a permission lets its holder do, for people. `scoped`: it can be limited to connections by their labels. */
interface PermissionText {
  readonly text: string;
  readonly scoped?: true;
}

/** Everything that Hoop's own API guards. What everybody may do with what is their own needs no permission. */
export const permissions = {
  "users.read": { text: "See users, their groups and which second factors they have." },
  "users.write": {
    text: "Add, change, disable and remove users who may do no more than oneself; take their second factors away.",
  },
  "groups.read": { text: "See groups." },
  "groups.write": { text: "Add and remove groups." },
  "groups.members": {
    text: "Put users into groups and take them out: into groups that one is in oneself, and any with `policy.write` everywhere.",
  },
  "factors.write": { text: "Say who must have a second factor." },
  "roles.read": { text: "See roles and who has them." },
  "roles.write": { text: "Make and change roles and bind them, as far as one has their permissions oneself." },
  "directory.read": { text: "See directories that provision users, and their tokens' names." },
  "directory.write": { text: "Add and change directories and make their tokens." },
  "providers.read": { text: "See sign-in providers." },
  "providers.write": { text: "Add and change sign-in providers and what their groups become." },
  "machines.read": { text: "See service accounts, their keys' names and trusted token issuers." },
  "machines.write": {
    text: "Add and change service accounts that may do no more than oneself, their keys and trusted issuers.",
  },
  "connections.read": { text: "See what connections lead to, in full.", scoped: true },
  "connections.write": { text: "Add, change and remove connections.", scoped: true },
  "connections.test": { text: "Log in at a connection's target once, as a session would.", scoped: true },
  "policy.read": { text: "See rules, their history, what they would decide and would have decided.", scoped: true },
  "policy.write": {
    text: "Plan and apply rules. Limited to labels: only rules about those connections alone.",
    scoped: true,
  },
  "sessions.read": { text: "See everybody's open and recorded sessions.", scoped: true },
  "sessions.kill": { text: "End anybody's open sessions.", scoped: true },
  "sessions.reveal": { text: "Open sealed parts of recordings, with a reason.", scoped: true },
  "reviews.read": { text: "See everybody's reviews; who decides on one its rule says.", scoped: true },
  "grants.read": { text: "See everybody's access for a time." },
  "grants.end": { text: "End anybody's access for a time." },
  "audit.read": { text: "See administrative changes and signed heads, and have chains verified." },
  "audit.export": { text: "Take the whole audit." },
  "agents.read": { text: "See agents." },
  "agents.write": { text: "Let agents join, and revoke them." },
  "events.read": { text: "See events, reactions and what came of them." },
  "events.write": { text: "Change reactions to events and where they are sent." },
  "runbooks.read": { text: "See runbooks and their runs." },
  "runbooks.write": { text: "Change runbooks." },
  "runbooks.run": { text: "Run runbooks; each statement is judged by the rules as any other." },
  "secrets.rotate": { text: "Seal everything anew under a new data key." },
  "gateway.read": { text: "See how the gateway is." },
} as const satisfies Readonly<Record<string, PermissionText>>;

export type Permission = keyof typeof permissions;

/** Those that can be limited to connections. */
export type ScopedPermission = {
  [Name in Permission]: (typeof permissions)[Name] extends { scoped: true } ? Name : never;
}[Permission];

export const permissionNames = Object.keys(permissions) as readonly Permission[];

export function isPermission(name: string): name is Permission {
  return Object.hasOwn(permissions, name);
}

export function isScoped(permission: Permission): permission is ScopedPermission {
  return "scoped" in permissions[permission];
}
