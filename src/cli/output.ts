import pc from "picocolors";

/** Where a command writes: results to stdout, everything else to stderr. */
export interface Output {
  readonly json: boolean;
  readonly color: ReturnType<typeof pc.createColors>;
  /** Whether a person sits at both ends, so that questions can be asked. */
  readonly interactive: boolean;
  /** The result: `value` as JSON with --json, else what `render` makes of it. */
  result(value: unknown, render: () => string): void;
  /** One line for people, on stderr; nothing with --json. */
  say(text: string): void;
  /** A warning for people, on stderr, also with --json. */
  warn(text: string): void;
  /** One line of JSON at once, for commands that report while they run. */
  event(value: unknown): void;
  /** Text as it is, on stdout. */
  raw(text: string): void;
}

/** `color`: undefined lets the terminal decide. */
export function createOutput({
  json,
  color,
  interactive,
}: {
  json: boolean;
  color: boolean | undefined;
  interactive: boolean;
}): Output {
  const colors = pc.createColors(color ?? (!json && process.stdout.isTTY === true && pc.isColorSupported));
  return {
    json,
    color: colors,
    interactive: interactive && !json,
    result(value, render) {
      const text = json ? JSON.stringify(value ?? null, null, 2) : render();
      if (text !== "") process.stdout.write(`${text}\n`);
    },
    say(text) {
      if (!json) process.stderr.write(`${withoutOrders(text)}\n`);
    },
    warn(text) {
      process.stderr.write(`${colors.yellow("warning:")} ${withoutOrders(text)}\n`);
    },
    event(value) {
      process.stdout.write(`${JSON.stringify(value)}\n`);
    },
    raw(text) {
      process.stdout.write(process.stdout.isTTY ? withoutOrders(text) : text);
    },
  };
}

/**
 * Text that came from elsewhere, safe to print: a name or SQL text must not move the cursor or change the terminal's title.
 */
export function printable(text: string): string {
  return text.replace(
    /[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]/g,
    (char) => `\\x${char.charCodeAt(0).toString(16).padStart(2, "0")}`,
  );
}

/** As `printable`, for text that holds colours of our own; nothing else of what a terminal obeys passes. */
function withoutOrders(text: string): string {
  return text
    .split(/(\x1b\[(?:0|1|2|22|3[0-9]|9[0-7])m)/)
    .map((part, i) => (i % 2 === 1 ? part : printable(part)))
    .join("");
}
