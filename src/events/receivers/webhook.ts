import { createHmac } from "node:crypto";
import type { Message } from "./message.js";
import type { Outcome } from "./outcome.js";
import { type JudgedAddresses, post } from "./request.js";
import type { ReceiverSpec } from "./schema.js";

const prefix = "whsec_";

/** The bytes of a signing secret, `whsec_` and base64; null: it is none. */
export function webhookKey(secret: string): Buffer | null {
  if (!secret.startsWith(prefix) || !/^[A-Za-z0-9+/]+={0,2}$/.test(secret.slice(prefix.length))) return null;
  const key = Buffer.from(secret.slice(prefix.length), "base64");
  return key.length >= 24 && key.length <= 64 ? key : null;
}

/** `v1,<base64>` of HMAC-SHA-256 over `<id>.<timestamp>.<body>`, as Standard Webhooks has it. */
export function webhookSignature(key: Buffer, id: string, timestamp: number, body: string): string {
  return `v1,${createHmac("sha256", key).update(`${id}.${timestamp}.${body}`).digest("base64")}`;
}

/**
 * One message as https://www.standardwebhooks.com specifies. The secret may be two, separated by a space: while receivers change
 * from one to the other, it is signed with both.
 */
export function sendWebhook(
  spec: ReceiverSpec,
  secret: string | null,
  message: Message,
  addresses: JudgedAddresses,
  signal: AbortSignal,
): Promise<Outcome> | Outcome {
  const keys = (secret ?? "").split(" ").map(webhookKey);
  if (secret === null || keys.some((key) => key === null))
    return { kind: "never", error: "this webhook has no signing secret; see `hoop reactions secret`" };
  const { event, id } = message;
  const timestamp = Math.floor(Date.now() / 1_000);
  const body = JSON.stringify({
    type: event.type,
    timestamp: new Date(event.at).toISOString(),
    data: {
      rule: message.rule,
      text: message.text,
      events: message.events,
      quiet: message.quiet,
      cause: message.cause,
      link: message.link,
      event,
    },
  });
  return post(
    {
      url: spec.url!,
      headers: {
        "content-type": "application/json",
        "webhook-id": id,
        "webhook-timestamp": String(timestamp),
        "webhook-signature": keys.map((key) => webhookSignature(key!, id, timestamp, body)).join(" "),
      },
      body,
      allowPlaintext: spec.allowPlaintext,
    },
    addresses,
    signal,
  );
}
