import { CopyButton } from "./copy-button.js";

/** Something to type or to keep, with a button that copies it. */
export function Command({ text, label }: { text: string; label?: string }) {
  return (
    <div className="command">
      <code>{text}</code>
      <CopyButton text={text} {...(label === undefined ? {} : { label })} />
    </div>
  );
}
