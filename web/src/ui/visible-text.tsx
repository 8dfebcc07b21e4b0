/**
 * What is not seen or turns its neighbours round: controls but line breaks and tabs, marks of direction, joiners, blanks of no
 * width, fillers, tags. A text with them may read as something else than what runs.
 */
const unseen =
  /([\p{Default_Ignorable_Code_Point}\p{Bidi_Control}\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f-\u009f\u2028\u2029])/u;

/** A text to decide on, with every character that would hide shown by its number. */
export function VisibleText({ text }: { text: string }) {
  const parts = text.split(unseen);
  if (parts.length === 1) return text;
  return parts.map((part, i) =>
    i % 2 === 0 ? (
      part
    ) : (
      // biome-ignore lint/suspicious/noArrayIndexKey: a part is known by its place
      <mark key={i} className="unseen-char" title="A character that is not seen, or that turns what stands beside it">
        {`U+${part.codePointAt(0)!.toString(16).toUpperCase().padStart(4, "0")}`}
      </mark>
    ),
  );
}
