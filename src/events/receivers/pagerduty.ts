import { factsOf, type Message, titleOf } from "./message.js";
import type { Outcome } from "./outcome.js";
import { type JudgedAddresses, post } from "./request.js";
import type { ReceiverSpec } from "./schema.js";

const usual = "https://events.pagerduty.com/v2/enqueue";

/** The Events API v2 of PagerDuty. The secret is the integration's routing key. */
export function sendPagerDuty(
  spec: ReceiverSpec,
  secret: string | null,
  message: Message,
  addresses: JudgedAddresses,
  signal: AbortSignal,
): Promise<Outcome> | Outcome {
  if (secret === null) return { kind: "never", error: "it has no routing key; see `hoop reactions secret`" };
  const { event, rule } = message;
  const body = JSON.stringify({
    routing_key: secret,
    event_action: "trigger",
    // One incident a rule and person: what comes again adds to it.
    dedup_key: `hoop ${rule} ${event.subject?.id || event.connection || "all"}`.slice(0, 255),
    payload: {
      summary: (message.text === null ? titleOf(message) : `${message.text} (${titleOf(message)})`).slice(0, 1_024),
      source: event.connection ?? "hoop",
      severity: "warning",
      timestamp: new Date(event.at).toISOString(),
      component: "hoop",
      group: rule,
      class: event.type,
      custom_details: Object.fromEntries(factsOf(message)),
    },
    links: [{ href: message.link, text: "Open in Hoop" }],
    client: "Hoop",
  });
  const headers = { "content-type": "application/json" };
  return post({ url: spec.url ?? usual, headers, body, allowPlaintext: spec.allowPlaintext }, addresses, signal);
}
