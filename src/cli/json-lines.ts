import { createInterface } from "node:readline";
import type { ApiClient, ApiRequest } from "../client/api-client.js";
import { HoopError } from "../vocabulary/index.js";

/** An answer that is a line of JSON after the other, as they come. Throws HoopError `malformed`. */
export async function* jsonLines<T>(api: ApiClient, path: string, request: ApiRequest): AsyncGenerator<T> {
  const stream = await api.stream(path, request);
  const lines = createInterface({ input: stream, crlfDelay: Number.POSITIVE_INFINITY });
  const leave = (): void => void stream.destroy();
  request.signal?.addEventListener("abort", leave, { once: true });
  try {
    for await (const line of lines) {
      if (line === "") continue;
      let said: T;
      try {
        said = JSON.parse(line) as T;
      } catch (cause) {
        throw new HoopError("malformed", "the gateway answered something that is not JSON", { cause });
      }
      yield said;
    }
  } finally {
    request.signal?.removeEventListener("abort", leave);
    stream.destroy();
  }
}
