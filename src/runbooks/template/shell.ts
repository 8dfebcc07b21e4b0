import { HoopError } from "../../vocabulary/index.js";
import { badTemplate, namesIn, type Part, partsOf, textOf, type ValueName, type Values } from "./parts.js";
import { type ShellPlace, shellPlaces } from "./shell-places.js";

/** A command line in which every value is one quoted word, or a part of one. */
export interface ShellTemplate {
  readonly parts: readonly Part[];
  readonly names: readonly ValueName[];
  /** Of each place, in order. */
  readonly places: readonly ShellPlace[];
}

/** Throws HoopError `invalid` for a template in which a shell would read a value as more than a word. */
export function compileShell(template: string): ShellTemplate {
  if (template.trim() === "") throw badTemplate("the command is empty");
  const parts = partsOf(template);
  return { parts, names: namesIn(parts), places: shellPlaces(parts) };
}

/** POSIX: between single quotes everything is itself; a single quote is written outside of them. */
export function quoteWord(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`;
}

/** The command line. Throws HoopError `invalid` for a value that would be read as an option. */
export function renderShell(template: ShellTemplate, values: Values): string {
  let place = 0;
  return template.parts
    .map((part) => {
      if (part.kind === "text") return part.text;
      const { beginsWord, afterDashes } = template.places[place++]!;
      const text = textOf(values(part.name));
      if (text.includes("\0")) throw new HoopError("invalid", `the value of ${part.name} holds a NUL byte`);
      if (beginsWord && !afterDashes && text.startsWith("-"))
        throw new HoopError(
          "invalid",
          `the value of ${part.name} begins with "-" and would be read as an option of the command`,
          { hint: "put -- before it in the runbook, where the command knows that" },
        );
      return quoteWord(text);
    })
    .join("");
}
