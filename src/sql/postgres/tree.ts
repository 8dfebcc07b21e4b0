/** Part of a parse tree as libpg-query prints it: a wrapped node is `{ Kind: { field: … } }`, zero and false fields are left out. */
export type Tree = { readonly [key: string]: unknown };

const none: Tree = {};

export function isTree(value: unknown): value is Tree {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** The value as a tree, or an empty one. */
export function tree(value: unknown): Tree {
  return isTree(value) ? value : none;
}

export function list(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}

export function word(value: unknown): string {
  return typeof value === "string" ? value : "";
}

/** The kind and body of a wrapped node; null for anything else. */
export function unwrap(node: unknown): { readonly kind: string; readonly body: Tree } | null {
  if (!isTree(node)) return null;
  const kind = Object.keys(node)[0];
  return kind !== undefined && isKind(kind) ? { kind, body: tree(node[kind]) } : null;
}

/** Kinds are capitalised, fields are not. */
export function isKind(key: string): boolean {
  const first = key.charCodeAt(0);
  return first >= 65 && first <= 90;
}

/** The body when the node is of that kind. */
export function bodyOf(node: unknown, kind: string): Tree | null {
  if (!isTree(node)) return null;
  const body = node[kind];
  return isTree(body) ? body : null;
}

/** Names of a list of String nodes; anything else in it is `*`. */
export function names(value: unknown): string[] {
  return list(value).map((node) => {
    const body = bodyOf(node, "String");
    return body === null ? "*" : word(body.sval);
  });
}
