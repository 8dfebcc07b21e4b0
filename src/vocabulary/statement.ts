import type { Effect } from "./effect.js";

/** How a statement touches a resource. */
export const accesses = ["read", "write", "define", "destroy", "execute"] as const;
export type Access = (typeof accesses)[number];

/** Something a statement reaches: a relation, column, function, file, path, host. Names are as the target resolves them. */
export interface Resource {
  readonly kind: "relation" | "column" | "function" | "path" | "host" | "role" | "database" | "setting";
  /** Dotted, most general first: `public.customers`, `public.customers.email`. A part that could not be resolved is `?`. */
  readonly name: string;
  readonly access: Access;
}

export type AttributeValue = string | number | boolean | readonly string[];

/**
 * What is known of a statement without knowing its protocol. Policy reads this and nothing else.
 * An analysis is plain data: it crosses worker boundaries and is written to the journal.
 */
export interface Analysis {
  /** Equal for statements that differ in their literals only; the key under which people recognise it. */
  readonly shape: string;
  readonly effects: readonly Effect[];
  readonly resources: readonly Resource[];
  /** What the protocol publishes in its attribute schema, e.g. `noWhere: ["delete"]`, `utility: ["copy"]`, `escapes: ["dblink"]`. */
  readonly attributes: Readonly<Record<string, AttributeValue>>;
  /**
   * Names of attributes that hold what the asker wrote: a command line, a path, fields of a body. Rules read them; an entry does not
   * say them in clear, as it does not say a statement's literals.
   */
  readonly sealed?: readonly string[] | undefined;
  /** Why the reach is not fully known, in words; not empty means `unknown` is among the effects. */
  readonly unknowns: readonly string[];
}
