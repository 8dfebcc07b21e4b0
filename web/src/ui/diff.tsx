import { CodeBlock } from "./code-block.js";

const kinds: Readonly<Record<string, string>> = { "+": "added", "-": "removed" };

/** Lines that are marked `+`, `-` or blank. */
export function Diff({ lines, label }: { lines: readonly string[]; label: string }) {
  return (
    <CodeBlock label={label} className="diff">
      {lines.map((line, index) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: lines repeat and never move
        <span key={index} data-kind={kinds[line.charAt(0)]}>
          {line}
          {"\n"}
        </span>
      ))}
    </CodeBlock>
  );
}
