/** What went wrong, in the gateway's own words (RFC 9457). */
export class Problem extends Error {
  override readonly name = "Problem";

  constructor(
    /** The HTTP status; 0: there was no answer. */
    readonly status: number,
    /** `denied`, `not-found`, … */
    readonly code: string,
    message: string,
    /** What to do about it. */
    readonly hint: string | null = null,
  ) {
    super(message);
  }
}

/** The problem in an answer that is none of the 200s. What stands between may answer with anything. */
export async function problemFrom(response: Response): Promise<Problem> {
  const body: unknown = await response.json().catch(() => null);
  if (typeof body === "object" && body !== null && "message" in body && "code" in body) {
    const hint = "hint" in body && typeof body.hint === "string" ? body.hint : null;
    return new Problem(response.status, String(body.code), String(body.message), hint);
  }
  return new Problem(
    response.status,
    "unavailable",
    `the gateway answered ${response.status} without saying why`,
    "is something between this browser and the gateway?",
  );
}

/** Anything thrown, as a problem. */
export function asProblem(error: unknown): Problem {
  if (error instanceof Problem) return error;
  return new Problem(0, "internal", error instanceof Error ? error.message : String(error));
}
