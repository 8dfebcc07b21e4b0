import type { Refusal } from "./refusal.js";

/** The first line and headers of a request are never longer than this where it matters. */
const maxHead = 64 * 1024;

/**
 * HTTP/1.1: 503 with a problem document (RFC 9457) once the request's head is there. What begins as TLS or HTTP/2 cannot be
 * answered in words, and is ended.
 */
export function refuseHttp(text: string): Refusal {
  let kept: Buffer = Buffer.alloc(0);
  return {
    receive(chunk) {
      kept = kept.length === 0 ? chunk : Buffer.concat([kept, chunk]);
      if (!/^[A-Z]/.test(kept.toString("latin1", 0, 1)) || kept.toString("latin1", 0, 4) === "PRI ")
        return { send: null, over: true };
      if (kept.indexOf("\r\n\r\n") >= 0) return { send: answer(text), over: true };
      return { send: null, over: kept.length > maxHead };
    },
  };
}

function answer(text: string): Buffer {
  // Who reads it must know that it is not the site that speaks.
  const detail = text.startsWith("hoop") ? text : `hoop: ${text}`;
  const body = `${JSON.stringify({ type: "urn:hoop:unavailable", title: "Service Unavailable", status: 503, detail })}\n`;
  return Buffer.from(
    `HTTP/1.1 503 Service Unavailable\r\nContent-Type: application/problem+json\r\nCache-Control: no-store\r\n` +
      `Connection: close\r\nContent-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`,
  );
}
