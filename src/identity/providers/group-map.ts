import { z } from "zod";
import { nameFrom } from "../names.js";

/** One line of a mapping: `{ from: "hoop-*", to: "*" }`. */
export const groupRuleSchema = z.strictObject({
  from: z.string().min(1).max(500).describe("The provider's name of the group; one `*` stands for anything."),
  to: z.string().min(1).max(64).describe("Hoop's; `*` stands for what the other `*` stood for."),
});
export type GroupRule = z.output<typeof groupRuleSchema>;

/** Built-in roles are bound to these from the start. What else a role is bound to, the check of whoever writes the mapping knows. */
const privileged: readonly string[] = ["admins", "auditors"];

/** Whether a rule may not name this as what it gives. */
export function mayNotGive(to: string, allowPrivileged: boolean): boolean {
  return privileged.includes(to.toLowerCase()) && !allowPrivileged;
}

const mostGroups = 2_000;

/** Hoop's groups for a provider's, sorted. */
export interface MappedGroups {
  /** By rules that name both sides, and what everybody gets. */
  readonly named: readonly string[];
  /** By patterns alone: what gives rights in Hoop itself must not be among them. */
  readonly matched: readonly string[];
}

/**
 * A pattern never gives a privileged group, whatever it comes to: that takes a rule that names both sides. What cannot be a group's
 * name is left out.
 */
export function mappedGroups(
  theirs: readonly string[],
  rules: readonly GroupRule[],
  defaults: readonly string[],
): MappedGroups {
  const [given, matchedOnly] = [new Set<string>(), new Set<string>()];
  for (const name of defaults) add(given, name);
  for (const group of theirs.slice(0, mostGroups)) {
    for (const { from, to } of rules) {
      const part = matched(group, from);
      if (part === null) continue;
      const name = part.exact ? to : to.replace("*", () => part.rest);
      if (part.exact) add(given, name);
      else if (!privileged.includes(name.toLowerCase())) add(matchedOnly, name);
    }
  }
  return { named: [...given].sort(), matched: [...matchedOnly].filter((name) => !given.has(name)).sort() };
}

function add(given: Set<string>, text: string): void {
  try {
    given.add(nameFrom(text, "group"));
  } catch {
    // No group of Hoop's can have that name.
  }
}

/** No regular expression: what a directory's users can name a group never costs more than its length. */
function matched(group: string, from: string): { readonly exact: boolean; readonly rest: string } | null {
  const star = from.indexOf("*");
  if (star === -1) return group === from ? { exact: true, rest: "" } : null;
  const [head, tail] = [from.slice(0, star), from.slice(star + 1)];
  if (group.length < head.length + tail.length || !group.startsWith(head) || !group.endsWith(tail)) return null;
  return { exact: false, rest: group.slice(head.length, group.length - tail.length) };
}
