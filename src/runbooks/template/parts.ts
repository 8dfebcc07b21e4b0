import { HoopError } from "../../vocabulary/index.js";

/** A piece of a template: text as it was written, or a place where a value goes. */
export type Part =
  | { readonly kind: "text"; readonly text: string }
  | { readonly kind: "value"; readonly name: ValueName };

/** `customer`, `steps.count.value`, `run.id`. */
export type ValueName = string;

/** What a place can hold. */
export type Value = string | number | boolean | null;

/** Finds the value of a name; throws HoopError `precondition-failed` for one that is not known (yet). */
export type Values = (name: ValueName) => Value;

/** Longest text of one template. */
export const maxTemplate = 64 * 1024;
const maxPlaces = 200;

const place = /^\{\{\s*([a-z][a-z0-9_]{0,39}(?:\.[a-z][a-z0-9_]{0,39}){0,2})\s*\}\}/;

/** What is wrong with a template, found when it is loaded. */
export function badTemplate(text: string, hint?: string): HoopError {
  return new HoopError("invalid", text, { hint });
}

/**
 * Splits a template at its `{{places}}`. `{{{{` and `}}}}` stand for the braces themselves. Throws HoopError `invalid`.
 *
 * @example partsOf("restart {{service}}") // [text "restart ", value "service"]
 */
export function partsOf(template: string): readonly Part[] {
  if (template.length > maxTemplate) throw badTemplate(`a template is longer than ${maxTemplate} characters`);
  if (template.includes("\0")) throw badTemplate("a template holds a NUL byte");
  const parts: Part[] = [];
  let text = "";
  let places = 0;
  for (let at = 0; at < template.length; ) {
    if (template.startsWith("{{{{", at) || template.startsWith("}}}}", at)) {
      text += template.slice(at, at + 2);
      at += 4;
    } else if (template.startsWith("{{", at)) {
      const found = place.exec(template.slice(at, at + 160));
      if (found === null)
        throw badTemplate(
          `${JSON.stringify(template.slice(at, at + 30))} is no place for a value`,
          "a place is {{name}}, {{steps.name.field}} or {{run.id}}; {{{{ stands for two braces",
        );
      if (++places > maxPlaces) throw badTemplate(`a template has more than ${maxPlaces} places for values`);
      if (text !== "") parts.push({ kind: "text", text });
      text = "";
      parts.push({ kind: "value", name: found[1]! });
      at += found[0].length;
    } else text += template[at++];
  }
  if (text !== "") parts.push({ kind: "text", text });
  return parts;
}

/** The names of a template's places, each once. */
export function namesIn(parts: readonly Part[]): readonly ValueName[] {
  return [...new Set(parts.flatMap((part) => (part.kind === "value" ? [part.name] : [])))];
}

/** A value as text, as every target's encoding begins with. */
export function textOf(value: Value): string {
  return value === null ? "" : typeof value === "string" ? value : String(value);
}
