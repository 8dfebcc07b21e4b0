import type pg from "pg";
import type { LookedInto } from "../../../protocol/index.js";
import { HoopError } from "../../../vocabulary/index.js";
import { isBinary } from "../session/shown-values.js";

/** Rows of one question of ours, each value as the target wrote it. */
export interface OwnResult {
  readonly rows: readonly (readonly (string | null)[])[];
  readonly columns: readonly string[];
  /** Rows that it changed, or gave. */
  readonly count: number;
}

export type Run = (
  text: string,
  values?: readonly (string | Buffer | null)[],
  types?: readonly number[],
) => Promise<OwnResult>;

/** Runs one statement by the extended protocol, which takes no second one; values come back as text. */
export function runOn(client: pg.Client): Run {
  return async (text, values = [], types = []) => {
    // The driver takes the types of parameters and the parsers of results by the same name.
    const asText = Object.assign([...types], { getTypeParser: () => (value: string) => value });
    const result = await client.query<(string | null)[]>({
      text,
      values: [...values],
      rowMode: "array",
      types: asText as never,
      queryMode: "extended",
    } as never);
    return {
      rows: result.rows,
      columns: result.fields.map(({ name }) => name),
      count: result.rowCount ?? 0,
    };
  };
}

/** The client's values as it bound them: binary ones in binary, with the types that it gave. */
export function boundValues({ values, reading }: LookedInto): {
  readonly values: readonly (string | Buffer | null)[];
  readonly types: readonly number[];
} {
  if (values === null) return { values: [], types: [] };
  const [formats, types] = readReading(reading);
  return {
    values: values.map((value, at) => {
      if (value === null) return null;
      const bytes = Buffer.from(value);
      return isBinary(formats, at) ? bytes : bytes.toString("utf8");
    }),
    types: Array.from({ length: Math.floor(types.length / 4) }, (_, at) => types.readUInt32BE(4 * at)),
  };
}

/** What the session wrote: the formats' length, a colon, the formats, the types. */
function readReading(reading: Uint8Array | null): readonly [Buffer, Buffer] {
  if (reading === null) return [none, none];
  const bytes = Buffer.from(reading);
  const colon = bytes.indexOf(0x3a);
  const length = colon < 0 ? Number.NaN : Number(bytes.toString("latin1", 0, colon));
  if (!Number.isSafeInteger(length) || colon + 1 + length > bytes.length)
    throw new HoopError("internal", "how bind values are to be read cannot be read");
  return [bytes.subarray(colon + 1, colon + 1 + length), bytes.subarray(colon + 1 + length)];
}

const none = Buffer.alloc(0);

/** The SQLSTATE of a target's error. */
export function stateOf(error: unknown): string | null {
  const { code } = error as { code?: unknown };
  return typeof code === "string" && /^[0-9A-Z]{5}$/.test(code) ? code : null;
}
