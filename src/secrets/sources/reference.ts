import { type Connection, HoopError } from "../../vocabulary/index.js";
import { type SourceKind, sourceKinds } from "./source.js";

export interface Reference {
  readonly kind: SourceKind;
  readonly path: string;
  readonly key: string | null;
}

/** `vault:kv/data/pg-prod#password`. Throws HoopError `invalid`. */
export function readReference(text: string): Reference {
  const [, kind = "", path = "", key] = /^([a-z]+):([^#]+)(?:#(.+))?$/.exec(text) ?? [];
  const known = sourceKinds.find((one) => one === kind);
  const wrong =
    known === undefined || path.split("/").some((part) => part === "." || part === "..") || /[?%\\\s]/.test(path);
  if (wrong)
    throw new HoopError("invalid", "a credential's reference is vault:PATH#KEY, aws:NAME#KEY, env:NAME or file:PATH");
  return { kind: known, path, key: key ?? null };
}

/**
 * Whether a connection may name that reference: whoever may write connections has not therefore the right to every secret that
 * the gateway could read. `{connection}` and `{label.team}` stand for the connection's own; `*` for anything.
 */
export function mayRefer(
  patterns: readonly string[],
  text: string,
  connection: Pick<Connection, "name" | "labels">,
): boolean {
  return patterns.some((pattern) => {
    let known = true;
    const filled = pattern.replaceAll(/\{(connection|label\.([^}]+))\}/g, (_, what: string, label?: string) => {
      const value = what === "connection" ? connection.name : connection.labels[label ?? ""];
      // A label's value must not reach beyond its own part of a path.
      if (value === undefined || !/^[A-Za-z0-9_.-]+$/.test(value)) known = false;
      return value ?? "";
    });
    if (!known) return false;
    const parts = filled.split("*").map((part) => part.replaceAll(/[.*+?^${}()|[\]\\]/g, "\\$&"));
    return new RegExp(`^${parts.join(".*")}$`, "s").test(text);
  });
}
