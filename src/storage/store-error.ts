import { HoopError } from "../vocabulary/index.js";

const codes: Readonly<Record<string, readonly ["conflict" | "unavailable" | "timeout" | "invalid", string]>> = {
  "23505": ["conflict", "something of that name is there already"],
  "23503": ["conflict", "something else still refers to it"],
  "40001": ["conflict", "somebody else changed it at the same moment"],
  "40P01": ["conflict", "somebody else changed it at the same moment"],
  "55P03": ["timeout", "the store is busy"],
  "57014": ["timeout", "the store took too long"],
  "22021": ["invalid", "a text holds a character that cannot be stored"],
  "22P05": ["invalid", "a text holds a character that cannot be stored"],
};

/** What the driver threw in our own words; its text stays the cause. */
export function storeErrorFrom(thrown: unknown): HoopError {
  if (thrown instanceof HoopError) return thrown;
  const code = String((thrown as { code?: unknown } | null)?.code ?? "");
  const known = codes[code];
  if (known !== undefined) return new HoopError(known[0], known[1], { cause: thrown });
  // Classes 08, 53 and 57 and every network error: the store is away; anything else with a SQLSTATE is our own mistake.
  if (/^[0-9A-Z]{5}$/.test(code) && !/^(08|53|57)/.test(code))
    return new HoopError("internal", "the store refused a statement of ours", { cause: thrown });
  return new HoopError("unavailable", "the store does not answer", {
    cause: thrown,
    hint: "it is tried again by itself; see the gateway's log",
  });
}

/** Runs it; whatever it throws is a HoopError. */
export async function mapped<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw storeErrorFrom(error);
  }
}
