import type { ReactNode } from "react";

interface CodeBlockProps {
  readonly label: string;
  readonly className?: string;
  readonly children: ReactNode;
}

/** Text in lines; a long one scrolls, also by keyboard. */
export function CodeBlock({ label, className = "", children }: CodeBlockProps) {
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: a region that scrolls has to be reachable
    <section className={`code ${className}`} tabIndex={0} aria-label={label}>
      <pre>{children}</pre>
    </section>
  );
}
