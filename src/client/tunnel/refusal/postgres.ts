import type { Refusal } from "./refusal.js";

const sslRequest = 80877103;
const gssEncRequest = 80877104;
const cancelRequest = 80877102;
/** A first packet of more is no first packet; the server's own limit. */
const maxStartup = 10_000;

/**
 * PostgreSQL: no encryption, then FATAL 08006 in place of a greeting.
 * Source: PostgreSQL documentation, "Message Flow: Start-up" and "SSL Session Encryption".
 */
export function refusePostgres(text: string): Refusal {
  let kept: Buffer = Buffer.alloc(0);
  return {
    receive(chunk) {
      kept = kept.length === 0 ? chunk : Buffer.concat([kept, chunk]);
      const parts: Buffer[] = [];
      const answer = (over: boolean) => ({ send: parts.length ? Buffer.concat(parts) : null, over });
      while (kept.length >= 8) {
        const length = kept.readUInt32BE(0);
        const code = kept.readUInt32BE(4);
        if (length === 8 && (code === sslRequest || code === gssEncRequest)) {
          parts.push(Buffer.from("N"));
          kept = kept.subarray(8);
          continue;
        }
        // A cancel request is answered by nothing; what is no first packet (TLS at once) cannot be answered.
        if (code === cancelRequest || length < 8 || length > maxStartup) return answer(true);
        if (kept.length < length) break;
        parts.push(fatal(text));
        return answer(true);
      }
      return answer(false);
    },
  };
}

function fatal(text: string): Buffer {
  // Who reads it must know that it is not the database that speaks. psql shows it as it is: nothing in it may move a cursor.
  const clean = (text.startsWith("hoop") ? text : `hoop: ${text}`).replaceAll(/[\x00-\x08\x0b-\x1f\x7f-\x9f]/g, " ");
  const fields = Buffer.from(`SFATAL\0VFATAL\0C08006\0M${clean}\0\0`, "utf8");
  const head = Buffer.alloc(5);
  head.write("E");
  head.writeUInt32BE(fields.length + 4, 1);
  return Buffer.concat([head, fields]);
}
