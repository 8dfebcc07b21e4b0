/** One event of an asciicast v2: seconds since its beginning, what, and the data of it. */
export type CastEvent = readonly [at: number, code: string, data: string];

export interface CastHeader {
  readonly columns: number;
  readonly rows: number;
}

const within = (value: unknown, least: number, most: number, usual: number) =>
  typeof value === "number" && Number.isInteger(value) ? Math.min(Math.max(value, least), most) : usual;

/** A size that a screen can be given: what a client says of its own is bounded here. */
export function screenSize(columns: unknown, rows: unknown): CastHeader {
  return { columns: within(columns, 1, 400, 80), rows: within(rows, 1, 200, 24) };
}

/** The events of a piece; its first line may be the header. What is no line of a cast is left out. */
export function* castLines(piece: string): Generator<CastHeader | CastEvent> {
  for (const line of piece.split("\n")) {
    if (line === "") continue;
    let said: unknown;
    try {
      said = JSON.parse(line);
    } catch {
      continue;
    }
    if (Array.isArray(said)) {
      const [at, code, data] = said as readonly unknown[];
      if (typeof at === "number" && typeof code === "string" && typeof data === "string") yield [at, code, data];
    } else if (typeof said === "object" && said !== null) {
      const { width, height } = said as { readonly width?: unknown; readonly height?: unknown };
      yield screenSize(width, height);
    }
  }
}
