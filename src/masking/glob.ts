/**
 * A matcher for one part of a column pattern: `*` stands for any run of characters, upper and lower case are the same.
 * Takes the leftmost place for each piece and never goes back, so no pattern is slow.
 */
export function compileGlob(pattern: string): (lowerCaseName: string) => boolean {
  const pieces = pattern.toLowerCase().split("*");
  const first = pieces[0]!;
  if (pieces.length === 1) return (name) => name === first;
  const last = pieces[pieces.length - 1]!;
  const middle = pieces.slice(1, -1).filter((piece) => piece !== "");
  return (name) => {
    const end = name.length - last.length;
    if (end < first.length || !name.startsWith(first) || !name.endsWith(last)) return false;
    let at = first.length;
    for (const piece of middle) {
      const found = name.indexOf(piece, at);
      if (found === -1 || found + piece.length > end) return false;
      at = found + piece.length;
    }
    return true;
  };
}
