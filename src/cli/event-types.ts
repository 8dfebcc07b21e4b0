import type { ApiClient } from "../client/api-client.js";
import { HoopError } from "../vocabulary/index.js";

/** The types that `--type` names. A word that is none would find nothing for ever: throws HoopError `invalid`. */
export async function eventTypesFrom(
  api: ApiClient,
  typed: string | undefined,
  signal: AbortSignal,
): Promise<readonly string[]> {
  const wanted = (typed ?? "")
    .split(",")
    .map((one) => one.trim())
    .filter((one) => one !== "");
  if (wanted.length === 0) return [];
  const { items } = await api.get<{ items: readonly { readonly type: string }[] }>("/events/catalogue", { signal });
  const known = new Set(items.map(({ type }) => type));
  const stranger = wanted.find((type) => !known.has(type));
  if (stranger === undefined) return wanted;
  throw new HoopError("invalid", `no event is of type "${stranger.slice(0, 100)}"`, { hint: "hoop events catalogue" });
}
