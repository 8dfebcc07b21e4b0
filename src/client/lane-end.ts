import { HoopError } from "../vocabulary/index.js";
import type { ApiClient } from "./api-client.js";

/** Where the gateway takes lanes (gRPC), and the authority (PEM) that vouches for it there; empty: the system's. */
export interface LaneEnd {
  readonly url: string;
  readonly authority: string;
}

/** Asks the gateway where lanes go. Throws as the API does. */
export async function askLaneEnd(api: ApiClient, signal?: AbortSignal): Promise<LaneEnd> {
  const { url, authority } = await api.get<Partial<LaneEnd>>("/tunnel", { signal, timeoutMs: 10_000 });
  if (typeof url === "string" && URL.canParse(url) && typeof authority === "string") return { url, authority };
  throw new HoopError("malformed", "the gateway did not say where its lanes are", {
    hint: "it may be newer than this command",
  });
}
