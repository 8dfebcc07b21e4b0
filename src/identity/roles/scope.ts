import { HoopError } from "../../vocabulary/index.js";

/** Connections that have every label named, each with one of its values. Values are plain: what contains what stays plain too. */
export type Scope = Readonly<Record<string, readonly string[]>>;

const labelName = /^[a-z0-9](?:[a-z0-9._/-]{0,61}[a-z0-9])?$/;
const most = { labels: 8, values: 32 };

/** Throws HoopError `invalid`. Values are sorted, and each is there once. */
export function scopeFrom(given: Readonly<Record<string, readonly string[]>>): Scope {
  const entries = Object.entries(given);
  if (entries.length === 0 || entries.length > most.labels)
    throw new HoopError("invalid", `a scope names 1 to ${most.labels} labels`, { hint: "leave it out: everywhere" });
  return Object.fromEntries(
    entries
      .map(([name, values]): [string, readonly string[]] => {
        if (!labelName.test(name)) throw new HoopError("invalid", `not a label: ${JSON.stringify(name.slice(0, 64))}`);
        if (values.length === 0 || values.length > most.values)
          throw new HoopError("invalid", `label ${name} has 1 to ${most.values} values in a scope`);
        for (const value of values) {
          if (value.length > 256 || /\p{C}/u.test(value))
            throw new HoopError("invalid", `a value of label ${name} is too long or not printable`);
          // Rules read it as a wildcard, so the same text would mean two things.
          if (value.includes("*"))
            throw new HoopError("invalid", `a scope's values are plain: ${JSON.stringify(value.slice(0, 64))}`);
        }
        return [name, [...new Set(values)].sort()];
      })
      .sort(([a], [b]) => (a < b ? -1 : 1)),
  );
}

/** `team=payments,env=dev|staging`. Throws HoopError `invalid`. */
export function scopeFromText(text: string): Scope {
  const given: Record<string, string[]> = Object.create(null);
  for (const term of text.split(",")) {
    const at = term.indexOf("=");
    if (at < 1)
      throw new HoopError("invalid", `not a scope: ${JSON.stringify(term.slice(0, 64))}`, {
        hint: "team=payments,env=dev|staging",
      });
    const name = term.slice(0, at).trim();
    if (Object.hasOwn(given, name)) throw new HoopError("invalid", `label ${name} is named twice`);
    given[name] = term
      .slice(at + 1)
      .split("|")
      .map((value) => value.trim());
  }
  return scopeFrom({ ...given });
}

export function scopeText(scope: Scope | null): string {
  if (scope === null) return "everywhere";
  return Object.entries(scope)
    .map(([name, values]) => `${name}=${values.join("|")}`)
    .join(",");
}

/** Whether a connection with these labels is in it. */
export function inScope(scope: Scope | null, labels: Readonly<Record<string, string>>): boolean {
  if (scope === null) return true;
  return Object.entries(scope).every(([name, values]) => Object.hasOwn(labels, name) && values.includes(labels[name]!));
}

/** Whether every connection of `inner`, there now or ever, is in `outer`. */
export function contains(outer: Scope | null, inner: Scope | null): boolean {
  if (outer === null) return true;
  if (inner === null) return false;
  return Object.entries(outer).every(
    ([name, values]) => Object.hasOwn(inner, name) && inner[name]!.every((value) => values.includes(value)),
  );
}
