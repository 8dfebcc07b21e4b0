/** Longer sequences are none that draw. */
const maxSequence = 64;

/**
 * Lets through what draws on a terminal and nothing that asks it, names it or reaches beyond it: a recording is what a target sent, and
 * a target may be hostile to who looks. Keeps a sequence that is cut between two pieces.
 */
export class ScreenFilter {
  #kept = "";

  push(text: string): string {
    const all = this.#kept + text;
    this.#kept = "";
    let out = "";
    let at = 0;
    while (at < all.length) {
      const start = all.indexOf("\x1b", at);
      if (start < 0) return out + plain(all.slice(at));
      out += plain(all.slice(at, start));
      const length = sequenceLength(all, start);
      if (length === null) {
        this.#kept = all.length - start > 65_536 ? "" : all.slice(start);
        return out;
      }
      const sequence = all.slice(start, start + length);
      if (draws(sequence)) out += sequence;
      at = start + length;
    }
    return out;
  }
}

// C1 controls are sequences in one character; of the others only those that move the cursor.
const plain = (text: string) => text.replaceAll(/[\0-\x06\x0e\x0f\x10-\x1a\x1c-\x1f\x7f-\x9f]/g, "");

/** Null: it goes on in the next piece. */
function sequenceLength(text: string, at: number): number | null {
  const kind = text.charAt(at + 1);
  if (kind === "") return null;
  if (kind === "[") {
    const end = /[^\x20-\x3f]/.exec(text.slice(at + 2, at + 2 + maxSequence));
    if (end) return end.index + 3;
    return text.length - at - 2 >= maxSequence ? maxSequence : null;
  }
  // Strings for the terminal itself (title, clipboard, …) up to their end.
  if ("]PX^_".includes(kind)) {
    const end = /\x07|\x1b\\/.exec(text.slice(at + 2));
    return end ? end.index + 2 + end[0].length : null;
  }
  if ("()*+#% ".includes(kind)) return text.length - at < 3 ? null : 3;
  return 2;
}

function draws(sequence: string): boolean {
  if (sequence.length === 2) return /^\x1b[78=>DEMH]$/.test(sequence);
  if (/^\x1b[()][AB0]$/.test(sequence)) return true;
  // Cursor, erasing, colours, scrolling, insertion; modes but those that make the terminal report things.
  if (/^\x1b\[[0-9;:]*[@A-HJKLMPSTXZ`abdefgmrsu]$/.test(sequence)) return true;
  return /^\x1b\[(\?(1|6|7|12|25|47|1047|1048|1049)(;(1|6|7|12|25|47|1047|1048|1049))*|4|20)[hl]$/.test(sequence);
}
