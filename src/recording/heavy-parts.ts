import { textPieces } from "./large-payload.js";
import type { EntryDraft } from "./recorder.js";
import { valuePieces, valuesLength } from "./values.js";

/** Content above this many bytes (or UTF-16 units) goes to a file of its own. */
export const heavyLimit = 256 << 10;

/** A part of a draft that is too large for the journal itself. */
export interface HeavyPart {
  readonly name: "text" | "values" | "error";
  /** At least what it takes, at most what a text takes in UTF-8. */
  readonly bytes: number;
  readonly pieces: Iterable<Uint8Array>;
}

const none: readonly HeavyPart[] = [];

export function heavyParts(draft: EntryDraft): readonly HeavyPart[] {
  if (draft.kind === "statement") {
    const values = draft.values === null ? 0 : valuesLength(draft.values);
    if (draft.text.length <= heavyLimit && values <= heavyLimit) return none;
    return [
      ...(draft.text.length > heavyLimit ? [textPart("text", draft.text)] : []),
      ...(values > heavyLimit ? [{ name: "values", bytes: values, pieces: valuePieces(draft.values!) } as const] : []),
    ];
  }
  if (draft.kind === "screen") return draft.text.length > heavyLimit ? [textPart("text", draft.text)] : none;
  if (draft.kind === "statement-finished" && draft.error !== undefined && draft.error.text.length > heavyLimit)
    return [textPart("error", draft.error.text)];
  return none;
}

const textPart = (name: "text" | "error", text: string): HeavyPart => ({
  name,
  bytes: Buffer.byteLength(text),
  pieces: textPieces(text),
});
