/** What a client of PostgreSQL says first: user and database, protocol 3.0. */
export function startupMessage(user: string, database: string): Buffer {
  const text = Buffer.from(`user\0${user}\0database\0${database}\0\0`);
  const message = Buffer.alloc(8);
  message.writeInt32BE(8 + text.length, 0);
  message.writeInt32BE(196_608, 4);
  return Buffer.concat([message, text]);
}

/** A simple query. */
export function queryMessage(sql: string): Buffer {
  const text = Buffer.from(`${sql}\0`);
  const head = Buffer.alloc(5);
  head.write("Q");
  head.writeInt32BE(4 + text.length, 1);
  return Buffer.concat([head, text]);
}

/** Whole backend messages, and what is left. */
export function splitMessages(bytes: Buffer): {
  readonly messages: readonly { readonly type: string; readonly body: Buffer }[];
  readonly rest: Buffer;
} {
  const messages: { type: string; body: Buffer }[] = [];
  let at = 0;
  while (bytes.length - at >= 5) {
    const length = bytes.readInt32BE(at + 1);
    if (bytes.length - at < 1 + length) break;
    messages.push({ type: String.fromCharCode(bytes[at]!), body: bytes.subarray(at + 5, at + 1 + length) });
    at += 1 + length;
  }
  return { messages, rest: bytes.subarray(at) };
}
