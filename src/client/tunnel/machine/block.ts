/**
 * A block of lines of ours at the end of a file that others edit too. What is outside of the markers stays byte for byte;
 * removing the block gives back the very file that was there. Texts are latin1, so that any byte survives.
 */
export function putBlock(text: string, tag: string, lines: readonly string[]): string {
  const rest = removeBlock(text, tag);
  // Told by the marker, so that removing it takes the newline away again.
  const lacked = rest !== "" && !rest.endsWith("\n");
  return `${rest}${lacked ? "\n" : ""}${begin(tag, lacked)}\n${lines.map((line) => `${line}\n`).join("")}${end(tag)}\n`;
}

/** The text without our block; unchanged where there is none. Where somebody cut off its end, only lines that look like ours go. */
export function removeBlock(text: string, tag: string): string {
  for (const lacked of [false, true]) {
    const start = lineIndex(text, begin(tag, lacked));
    if (start < 0) continue;
    const stop = text.indexOf(`${end(tag)}\n`, start);
    const after = stop < 0 ? withoutOurs(text.slice(start)) : text.slice(stop + end(tag).length + 1);
    // A line that somebody added behind the block needs the newline that we had put before it.
    const before = text.slice(0, lacked && after === "" ? start - 1 : start);
    return before + after;
  }
  return text;
}

/** The lines of our block, or null. */
export function readBlock(text: string, tag: string): string[] | null {
  for (const lacked of [false, true]) {
    const start = lineIndex(text, begin(tag, lacked));
    const stop = start < 0 ? -1 : text.indexOf(`${end(tag)}\n`, start);
    if (stop < 0) continue;
    return text.slice(start, stop).split("\n").slice(1, -1);
  }
  return null;
}

function withoutOurs(text: string): string {
  return text.replace(/^.*\n(?:[\d.]+\t[a-z0-9.-]+\n)*/, "");
}

function begin(tag: string, lacked: boolean): string {
  return `# hoop begin ${tag} (written by \`hoop tunnel\`; edits here are lost)${lacked ? " ~" : ""}`;
}

function end(tag: string): string {
  return `# hoop end ${tag}`;
}

function lineIndex(text: string, line: string): number {
  for (let at = text.indexOf(`${line}\n`); at >= 0; at = text.indexOf(`${line}\n`, at + 1)) {
    if (at === 0 || text[at - 1] === "\n") return at;
  }
  return -1;
}
