/** Which template a path is; the path itself, with what looks like an id replaced, where none fits. */
export type NamePath = (path: string) => string;

interface Template {
  readonly text: string;
  readonly parts: readonly string[];
  readonly open: boolean;
}

const maxParts = 64;
const looksLikeId = /^(\d+|[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}|[0-9a-fA-F]{16,})$/;

/** The most specific template wins: fixed parts before `{name}`, longer before shorter. */
export function pathNamer(templates: readonly string[]): NamePath {
  const known = templates.map(parse).sort((a, b) => rank(b) - rank(a));
  return (path) => {
    const parts = path.split("/", maxParts + 2);
    for (const template of known) if (fits(template, parts)) return template.text;
    return parts.map((part) => (looksLikeId.test(part) ? "{id}" : part)).join("/");
  };
}

function parse(text: string): Template {
  const open = /\{[^}]*\*\}$/.test(text);
  const parts = text.split("/");
  return { text, parts: open ? parts.slice(0, -1) : parts, open };
}

const isHole = (part: string) => part.startsWith("{");
const rank = ({ parts, open }: Template) =>
  parts.filter((part) => !isHole(part)).length * 1_000 + parts.length * 2 + (open ? 0 : 1);

function fits({ parts, open }: Template, path: readonly string[]): boolean {
  if (open ? path.length < parts.length : path.length !== parts.length) return false;
  return parts.every((part, at) => (isHole(part) ? path[at] !== "" : part === path[at]));
}
