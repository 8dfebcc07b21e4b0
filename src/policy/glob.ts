/** A pattern in which `*` stands for any run of characters, the empty one too. There is no other wildcard. */
export interface Glob {
  readonly text: string;
  matches(value: string): boolean;
}

/** Compiles a glob. Matching takes the leftmost place for each piece and never goes back, so no pattern is slow. */
export function compileGlob(text: string): Glob {
  const pieces = text.split("*");
  if (pieces.length === 1) return { text, matches: (value) => value === text };
  if (pieces.every((piece) => piece === "")) return { text, matches: () => true };
  const first = pieces[0]!;
  const last = pieces[pieces.length - 1]!;
  const middle = pieces.slice(1, -1).filter((piece) => piece !== "");
  return {
    text,
    matches(value) {
      const end = value.length - last.length;
      if (end < first.length || !value.startsWith(first) || !value.endsWith(last)) return false;
      let at = first.length;
      for (const piece of middle) {
        const found = value.indexOf(piece, at);
        if (found === -1 || found + piece.length > end) return false;
        at = found + piece.length;
      }
      return true;
    },
  };
}

export const anyMatches = (globs: readonly Glob[], value: string): boolean => globs.some((glob) => glob.matches(value));
