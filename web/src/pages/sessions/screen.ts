/** What changed on a screen. */
export interface Frame {
  readonly at: number;
  readonly size?: { readonly columns: number; readonly rows: number };
  readonly rows: readonly (readonly [row: number, text: string])[];
  readonly cursor: readonly [row: number, column: number];
}

/** A screen as it stands. */
export interface Screen {
  readonly rows: readonly string[];
  readonly cursor: readonly [row: number, column: number];
}

export const emptyScreen: Screen = { rows: [], cursor: [0, 0] };

export function screenAfter(screen: Screen, { size, rows, cursor }: Frame): Screen {
  const next = size === undefined ? [...screen.rows] : [];
  for (const [row, text] of rows) {
    while (next.length < row) next.push("");
    next[row] = text;
  }
  return { rows: next, cursor };
}
