import { builtInRoles } from "./built-in.js";
import { isScoped, permissionNames, permissions } from "./permissions.js";

/** `docs/roles.md`: how roles work, and every permission there is, from the very list that the gateway asks. */
export function rolesReference(): string {
  const roles = builtInRoles.filter(({ permissions: given }) => given.length > 0);
  const rows = permissionNames.map((name) => {
    const marks = roles.map(({ permissions: given }) => (given.includes(name) ? "✓" : ""));
    return `| \`${name}\` | ${permissions[name].text} | ${isScoped(name) ? "✓" : ""} | ${marks.join(" | ")} |`;
  });
  return `# Roles

Made from the list of permissions by \`rolesReference()\`; a test keeps it true.

Rules say what somebody may do on *targets*; roles say what somebody may do in *Hoop itself*. A role is a list of permissions. A
binding gives it to a group or a user, everywhere or on connections with certain labels. What everybody may do with what is their own
(their sessions, requests, second factor) needs no permission.

\`\`\`sh
hoop roles set lead --permission connections.read --permission connections.write --permission policy.read --permission policy.write
hoop roles grant lead --group payments-leads --on team=payments
hoop roles ls
hoop roles revoke lead --group payments-leads --on team=payments
\`\`\`

A change counts at once: for every open login and browser on the replica that made it, and on the others within the second that the
change feed promises. Every change is in the audit with both states.

## Built-in roles

${builtInRoles.map(({ name, description }) => `- **${name}**: ${description}`).join("\n")}

They can be bound and not changed. From the start \`admin\` is bound to the group \`admins\`, \`auditor\` to \`auditors\` and \`engineer\`
to \`engineers\`: who was in these groups before there were roles has what they had. Somebody who has \`admin\` everywhere and can sign in
there always is; taking it from the last one is refused, however many try at the same moment.

## By labels

\`--on team=payments,env=dev|staging\` means connections that have *every* label named, each with *one* of its values. Values are plain:
no wildcard, so that what contains what stays plain too. Only permissions marked below can be limited; a role that has any other is
refused under labels, when it is given and when it is changed later.

Who manages connections by labels

- sees in full and changes those alone; the others are for them what rules make of them, and where no rule lets them in, not there;
- cannot move a connection out of their labels, none of others' into them, and cannot rename one;
- writes rules only where every clause of \`where\` asks for labels that are all theirs (\`where: { label: { team: payments } }\`). Names do
  not count, for a name can be given to another connection. No tests, and no rules about turning tokens back: those know no \`where\`. The
  same holds for what is changed, removed or pruned. They read their own rules only;
- sees, ends and opens sealed parts of sessions on those connections alone, since the connection of that name was made: nobody comes
  to old recordings by taking the name of a connection that is gone.

A connection that somebody moves from one team's labels to another's takes its past along: the new team reads what was recorded on it.
A connection reaches what its agent may dial, or the gateway where it names no agent. Who may write connections can have Hoop knock there,
without any stored secret: agents' allow-lists are the boundary.

## Nobody gives what they do not have

It holds for permissions and for labels, whichever way it is tried:

- binding or unbinding a role, making or changing one: only what one has oneself, at least that wide;
- changing, disabling or removing a user, their password, address or second factor: only users who may no more than oneself, for who can
  change somebody can become them;
- putting users into a group or taking them out: only where one has what roles give the group, *and* is a member oneself or may write all
  rules. What rules give a group is not written on it; its members have it. Out is not always less: rules forbid by group as well. Nobody
  changes their own groups without \`policy.write\` everywhere;
- directories, provider mappings and service accounts: what they give is checked as if one gave it by hand;
- a token with bounds, or a machine that acts for a person, has what both leave over.

Each check runs in the transaction of the change, on what its author is at that moment.

What remains: who may add users can add a second account of their own, with no more rights than theirs. Where rules ask for two pairs of
eyes, give \`users.write\` to few.

## Permissions

| permission | lets | by labels | ${roles.map(({ name }) => name).join(" | ")} |
|---|---|---|${roles.map(() => "---|").join("")}
${rows.join("\n")}
`;
}
