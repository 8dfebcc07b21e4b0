import type { Refusal } from "./refusal.js";

/** An identification is no longer (RFC 4253, section 4.2). */
const maxIdentification = 255;
/** Source: RFC 4253, sections 6, 11.1 and 12. */
const disconnect = 1;
const byApplication = 11;
const block = 8;

/** SSH: a message to disconnect, in clear as nothing is agreed on yet; clients print its words. */
export function refuseSsh(text: string): Refusal {
  let kept: Buffer = Buffer.alloc(0);
  return {
    receive(chunk) {
      kept = kept.length === 0 ? chunk : Buffer.concat([kept, chunk]);
      const end = kept.indexOf("\n");
      if (end < 0) return { send: null, over: kept.length > maxIdentification };
      if (!kept.toString("latin1", 0, 4).startsWith("SSH-")) return { send: null, over: true };
      return { send: Buffer.concat([Buffer.from("SSH-2.0-Hoop\r\n"), packet(message(text))]), over: true };
    },
  };
}

function message(text: string): Buffer {
  const words = Buffer.from(text.startsWith("hoop") ? text : `hoop: ${text}`);
  const head = Buffer.alloc(9);
  head[0] = disconnect;
  head.writeUInt32BE(byApplication, 1);
  head.writeUInt32BE(words.length, 5);
  return Buffer.concat([head, words, Buffer.alloc(4)]);
}

function packet(payload: Buffer): Buffer {
  // At least four bytes of padding, and a whole number of blocks.
  const padding = block - ((payload.length + 5) % block) + (block - ((payload.length + 5) % block) < 4 ? block : 0);
  const made = Buffer.alloc(5 + payload.length + padding);
  made.writeUInt32BE(1 + payload.length + padding, 0);
  made[4] = padding;
  payload.copy(made, 5);
  return made;
}
