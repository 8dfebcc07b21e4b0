import { type ErrorCode, errorCodes, HoopError } from "../vocabulary/index.js";

const maxText = 2_000;

/**
 * An answer that is an error, as a HoopError. The gateway sends `application/problem+json` (RFC 9457) with our `code` and
 * `hint`; something in between may send anything, which is then told by its status alone.
 */
export function errorFromProblem(status: number, contentType: string, body: string, host: string): HoopError {
  if (/^application\/(problem\+)?json/i.test(contentType)) {
    try {
      const { code, detail, title, message, hint } = JSON.parse(body) as Record<string, unknown>;
      const text = [detail, message, title].find((value): value is string => typeof value === "string" && value !== "");
      if (text !== undefined) {
        const known =
          typeof code === "string" && Object.hasOwn(errorCodes, code) ? (code as ErrorCode) : codeOf(status);
        return new HoopError(known, text.slice(0, maxText), {
          hint: typeof hint === "string" ? hint.slice(0, maxText) : undefined,
        });
      }
    } catch {
      // Told by the status below.
    }
  }
  return new HoopError(codeOf(status), `${host} answered ${status}`, {
    hint: status >= 500 ? "try again; if it stays, look at the gateway's log" : undefined,
  });
}

function codeOf(status: number): ErrorCode {
  const found = Object.entries(errorCodes).find(([, known]) => known === status);
  if (found) return found[0] as ErrorCode;
  return status === 502 ? "unavailable" : status >= 500 ? "internal" : "invalid";
}
