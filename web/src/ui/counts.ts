const number = new Intl.NumberFormat("en");

/** `1 row`, `12,345 rows`. */
export function countText(count: number, one: string, many = `${one}s`): string {
  return `${number.format(count)} ${count === 1 ? one : many}`;
}
