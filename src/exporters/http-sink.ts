import { createHash, createHmac } from "node:crypto";
import { type Line, linesWithin } from "./line.js";
import { post } from "./post.js";
import type { Sink, SinkPorts } from "./sink.js";
import type { ExportTarget } from "./target.js";

type HttpTarget = Extract<ExportTarget, { kind: "http" }>;

/** Lines in batches that are within both limits. */
export function batchesOf(lines: readonly Line[], most: number, maxBytes: number): readonly (readonly Line[])[] {
  const batches: Line[][] = [];
  let batch: Line[] = [];
  let size = 0;
  for (const line of lines.flatMap((one) => linesWithin(one, maxBytes - 1))) {
    const bytes = Buffer.byteLength(line.json) + 1;
    if (batch.length > 0 && (batch.length >= most || size + bytes > maxBytes)) {
      batches.push(batch);
      batch = [];
      size = 0;
    }
    batch.push(line);
    size += bytes;
  }
  if (batch.length > 0) batches.push(batch);
  return batches;
}

/**
 * JSON lines in the body. With a secret each request is signed as Standard Webhooks specifies: `webhook-id`, `webhook-timestamp`
 * and `webhook-signature: v1,<base64 of HMAC-SHA256 over id.timestamp.body>`, over the body as it is before it is packed.
 */
export function createHttpSink(target: HttpTarget, ports: SinkPorts): Sink {
  return {
    async send(lines, signal) {
      for (const batch of batchesOf(lines, target.batch, target.maxBytes)) {
        const body = Buffer.from(`${batch.map(({ json }) => json).join("\n")}\n`);
        const headers = {
          ...target.headers,
          "content-type": "application/x-ndjson",
          ...signatureOf(batch, body, ports),
        };
        await post({ url: target.url, ca: target.ca, headers, body, gzip: target.gzip }, ports, signal);
      }
    },
    async close() {},
  };
}

function signatureOf(
  batch: readonly Line[],
  body: Buffer,
  { secret, now }: SinkPorts,
): Readonly<Record<string, string>> {
  // The same batch sent again has the same id.
  const hash = createHash("sha256");
  for (const { id, part } of batch) hash.update(`${id} ${part?.index ?? 0}\n`);
  const id = `msg_${hash.digest("hex").slice(0, 32)}`;
  const timestamp = String(Math.floor(now() / 1_000));
  if (secret === null) return { "webhook-id": id, "webhook-timestamp": timestamp };
  const key = secret.startsWith("whsec_") ? Buffer.from(secret.slice(6), "base64") : Buffer.from(secret);
  const signature = createHmac("sha256", key).update(`${id}.${timestamp}.`).update(body).digest("base64");
  return { "webhook-id": id, "webhook-timestamp": timestamp, "webhook-signature": `v1,${signature}` };
}
