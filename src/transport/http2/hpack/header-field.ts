/** A name and its value, octets as Latin-1 text. */
export type HeaderField = readonly [name: string, value: string];

/** What a field counts for, in tables and lists: https://www.rfc-editor.org/rfc/rfc7541#section-4.1 */
export function fieldSize(name: string, value: string): number {
  return name.length + value.length + 32;
}
