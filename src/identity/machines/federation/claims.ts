import type { StoredTrust } from "../store.js";

/** Whether every claim that a trust names fits one of its patterns. What is no text, number or truth value fits nothing. */
export function claimsFit(trust: Pick<StoredTrust, "claims">, claims: Readonly<Record<string, unknown>>): boolean {
  return Object.entries(trust.claims).every(([name, patterns]) => {
    const value = Object.hasOwn(claims, name) ? claims[name] : undefined;
    const texts = (Array.isArray(value) ? value : [value]).slice(0, maxValues).map(textOf);
    return texts.some((text) => text !== null && patterns.some((pattern) => fits(pattern, text)));
  });
}

const maxValues = 200;

function textOf(value: unknown): string | null {
  if (typeof value === "string") return value.length <= 4_096 ? value : null;
  return typeof value === "number" || typeof value === "boolean" ? String(value) : null;
}

/** `*` stands for any run of characters, `/` and `:` too. Each piece takes the leftmost place, so no pattern is slow. */
export function fits(pattern: string, text: string): boolean {
  const pieces = pattern.split("*");
  if (pieces.length === 1) return pattern === text;
  const [first, last] = [pieces[0]!, pieces.at(-1)!];
  const end = text.length - last.length;
  if (end < first.length || !text.startsWith(first) || !text.endsWith(last)) return false;
  let at = first.length;
  for (const piece of pieces.slice(1, -1)) {
    const found = text.indexOf(piece, at);
    if (found === -1 || found + piece.length > end) return false;
    at = found + piece.length;
  }
  return true;
}

/** Claims that say who the tokens' owner is, where an issuer signs for anybody in the world: one must be named up to its owner. */
const shared: Readonly<Record<string, Readonly<Record<string, RegExp>>>> = {
  "https://token.actions.githubusercontent.com": {
    sub: /^repo:[^*/]+\//,
    repository: /^[^*/]+\//,
    repository_owner: /^[^*]+$/,
    repository_owner_id: /^\d+$/,
    repository_id: /^\d+$/,
    job_workflow_ref: /^[^*/]+\//,
  },
  "https://gitlab.com": {
    sub: /^project_path:[^*/]+\//,
    project_path: /^[^*/]+\//,
    namespace_path: /^[^*/]+/,
    project_id: /^\d+$/,
    namespace_id: /^\d+$/,
  },
};

/** Why these rules would let in whom nobody meant; null: they name somebody. */
export function whyTooWide(issuer: string, claims: StoredTrust["claims"]): string | null {
  const names = Object.keys(claims);
  const named = names.some((name) => claims[name]!.every((pattern) => /[^*]/.test(pattern)));
  if (!named) return "name at least one claim that not everybody's token fits";
  const owners = shared[issuer];
  if (owners === undefined) return null;
  const owned = names.some(
    (name) => owners[name] !== undefined && claims[name]!.every((pattern) => owners[name]!.test(pattern)),
  );
  return owned
    ? null
    : `anybody in the world gets tokens of ${issuer}: one of ${Object.keys(owners).join(", ")} must say whose, without a * before the owner's end`;
}
