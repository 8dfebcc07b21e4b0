import headless from "@xterm/headless";

/**
 * The line that a person sees behind the prompt; null: it cannot be told from what surrounds it. What stood to the right of the cursor
 * before the first key is the prompt's, too (zsh's RPROMPT), for as long as it stands there unchanged.
 */
export async function shownLine(
  before: string,
  since: string,
  { columns, rows }: { readonly columns: number; readonly rows: number },
): Promise<string | null> {
  const terminal = new headless.Terminal({
    cols: Math.min(Math.max(columns, 20), 500),
    rows: Math.min(Math.max(rows, 5), 200),
    scrollback: 200,
    allowProposedApi: true,
  });
  const write = (text: string) => new Promise<void>((resolve) => terminal.write(text, resolve));
  try {
    await write(before);
    const prompt = lineAt(terminal, true);
    const right = lineAt(terminal, false).slice(prompt.length).trim();
    await write(since);
    const line = lineAt(terminal, false);
    if (!line.startsWith(prompt)) return null;
    const text = line.slice(prompt.length).trimEnd();
    return (right !== "" && text.endsWith(` ${right}`) ? text.slice(0, -right.length) : text).trimEnd();
  } finally {
    terminal.dispose();
  }
}

/** The logical line under the cursor, over as many rows as it takes. */
function lineAt({ buffer: { active } }: headless.Terminal, toCursor: boolean): string {
  const cursor = active.baseY + active.cursorY;
  let top = cursor;
  while (top > 0 && active.getLine(top)?.isWrapped) top--;
  let text = "";
  for (let row = top; row <= cursor || active.getLine(row)?.isWrapped; row++) {
    const line = active.getLine(row);
    if (!line || (toCursor && row > cursor)) break;
    text +=
      toCursor && row === cursor ? line.translateToString(false, 0, active.cursorX) : line.translateToString(false);
  }
  return text;
}
