/** What one key, or one of the terminal's own answers, does to a line. */
export type Key =
  | { readonly kind: "text"; readonly text: string }
  /** The line is to be run. */
  | { readonly kind: "enter" }
  | { readonly kind: "rubout" }
  /** All of the line is taken back. */
  | { readonly kind: "kill" }
  /** Ctrl-C, Ctrl-Z, Ctrl-\\: the line is over, and nothing of it runs. */
  | { readonly kind: "interrupt"; readonly bytes: string }
  /** Ctrl-D. */
  | { readonly kind: "end" }
  /** It changes the line in a way that only what edits it knows: history, completion, moving about. */
  | { readonly kind: "edit"; readonly bytes: string }
  /** It changes nothing of the line: drawn again. */
  | { readonly kind: "plain"; readonly bytes: string }
  /** It may run something by itself, or puts characters in that are not seen: never passed on. */
  | { readonly kind: "refused" }
  /** The marks around what is pasted: a line in it counts as one that was typed. */
  | { readonly kind: "nothing" };

/** Ctrl-A, B, E, F, G, K, N, P, Q, R, S, T, W, Y, _ and tab. Not Ctrl-O, Ctrl-V, Ctrl-X: they run, hide or open an editor. */
const editing = new Set([1, 2, 5, 6, 7, 9, 11, 14, 16, 17, 18, 19, 20, 23, 25, 31]);
const interrupts = new Set([3, 26, 28]);
const maxSequence = 256;

/** Cuts what a terminal sends into keys; keeps what is cut in the middle. */
export class Keys {
  #rest = "";

  /** Bytes of UTF-8 as they are; what is none has been replaced by the decoder. */
  *push(text: string): Generator<Key> {
    let all = this.#rest + text;
    this.#rest = "";
    while (all !== "") {
      const [key, length] = next(all);
      if (key === null) {
        this.#rest = all;
        return;
      }
      all = all.slice(length);
      yield key;
    }
  }

  /** What was not looked at any more. */
  clear(): void {
    this.#rest = "";
  }
}

function next(text: string): readonly [Key | null, number] {
  const code = text.codePointAt(0)!;
  const first = String.fromCodePoint(code);
  if (code === 27) return sequence(text);
  if (code === 13 || code === 10) return [{ kind: "enter" }, 1];
  if (code === 127 || code === 8) return [{ kind: "rubout" }, 1];
  if (code === 21) return [{ kind: "kill" }, 1];
  if (interrupts.has(code)) return [{ kind: "interrupt", bytes: first }, 1];
  if (code === 4) return [{ kind: "end" }, 1];
  if (code === 12) return [{ kind: "plain", bytes: first }, 1];
  if (editing.has(code)) return [{ kind: "edit", bytes: first }, 1];
  if (code < 32 || (code >= 128 && code < 160) || code === 0xfffd) return [{ kind: "refused" }, first.length];
  return [{ kind: "text", text: first }, first.length];
}

function sequence(text: string): readonly [Key | null, number] {
  const kind = text.charAt(1);
  if (kind === "") return [null, 0];
  if (kind === "[") {
    const end = /[^\x20-\x3f]/.exec(text.slice(2, 2 + maxSequence));
    if (!end) return text.length - 2 >= maxSequence ? [{ kind: "refused" }, text.length] : [null, 0];
    const bytes = text.slice(0, end.index + 3);
    if (bytes === "\x1b[200~" || bytes === "\x1b[201~") return [{ kind: "nothing" }, bytes.length];
    return [/[\x00-\x1f]/.test(end[0]) ? { kind: "refused" } : { kind: "edit", bytes }, bytes.length];
  }
  if (kind === "O") {
    if (text.length < 3) return [null, 0];
    return [/[A-Za-z]/.test(text[2]!) ? { kind: "edit", bytes: text.slice(0, 3) } : { kind: "refused" }, 3];
  }
  // A terminal's answers to questions about itself.
  if (kind === "]" || kind === "P") {
    const end = /\x07|\x1b\\/.exec(text.slice(2));
    if (!end) return text.length > 4_096 ? [{ kind: "refused" }, text.length] : [null, 0];
    const bytes = text.slice(0, end.index + 2 + end[0].length);
    const plain = /^\x1b[\]P][\x20-\x7e]*(\x07|\x1b\\)$/.test(bytes);
    return [plain ? { kind: "edit", bytes } : { kind: "refused" }, bytes.length];
  }
  // Words forth and back, deleted, in other letters; the last word again.
  if (/[bfduclt.y_<>\x7f\x08]/.test(kind)) return [{ kind: "edit", bytes: text.slice(0, 2) }, 2];
  return [{ kind: "refused" }, 2];
}
