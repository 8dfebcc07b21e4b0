import { Problem, problemFrom } from "./problem.js";

/** An answer that is a line of JSON after the other, as they come. Throws `Problem`. */
export async function* readLines<T>(path: string, signal: AbortSignal): AsyncGenerator<T> {
  let response: Response;
  try {
    response = await fetch(`/api/v1${path}`, { credentials: "same-origin", signal });
  } catch (error) {
    if (signal.aborted) return;
    throw new Problem(0, "unavailable", "the gateway does not answer", `check the network, then try again (${error})`);
  }
  if (!response.ok || response.body === null) throw await problemFrom(response);
  const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
  let rest = "";
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) break;
      const lines = (rest + value).split("\n");
      rest = lines.pop() ?? "";
      for (const line of lines) if (line !== "") yield JSON.parse(line) as T;
    }
  } catch (error) {
    if (!signal.aborted) throw error;
  } finally {
    await reader.cancel().catch(() => {});
  }
}
