import { HoopError } from "../vocabulary/index.js";

/** `team=payments,env=dev|staging` as the API takes it; undefined: everywhere. The gateway says what else is wrong with it. */
export function labelScope(text: string | undefined): Record<string, string[]> | null {
  if (text === undefined) return null;
  return Object.fromEntries(
    text.split(",").map((term): [string, string[]] => {
      const [, name, values] = /^\s*([^=\s]+)\s*=(.+)$/.exec(term) ?? [];
      if (name === undefined || values === undefined)
        throw new HoopError("invalid", `not labels: ${JSON.stringify(term.slice(0, 64))}`, {
          hint: "write them like team=payments,env=dev|staging",
        });
      return [name, values.split("|").map((value) => value.trim())];
    }),
  );
}

/** The same text for the same labels, whatever their order. */
export function scopeKey(scope: Readonly<Record<string, readonly string[]>> | null): string {
  if (scope === null) return "";
  return JSON.stringify(
    Object.entries(scope)
      .map(([name, values]) => [name, [...values].sort()])
      .sort(([a], [b]) => (String(a) < String(b) ? -1 : 1)),
  );
}
