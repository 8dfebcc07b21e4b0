import { factsOf, type Message, titleOf } from "./message.js";
import type { Outcome } from "./outcome.js";
import { type JudgedAddresses, post } from "./request.js";
import type { ReceiverSpec } from "./schema.js";

const noAddress: Outcome = { kind: "never", error: "its address was not handed in; see `hoop reactions secret`" };

function send(spec: ReceiverSpec, url: string | null, body: unknown, addresses: JudgedAddresses, signal: AbortSignal) {
  if (url === null || !URL.canParse(url) || !/^https?:$/.test(new URL(url).protocol)) return noAddress;
  const text = JSON.stringify(body);
  const headers = { "content-type": "application/json" };
  return post({ url, headers, body: text, allowPlaintext: spec.allowPlaintext }, addresses, signal);
}

/** What Slack reads as markup: a name must not become a link or a mention. */
const slackText = (text: string) => text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");

/** An incoming webhook of Slack, or of what speaks like it. */
export function sendSlack(
  spec: ReceiverSpec,
  url: string | null,
  message: Message,
  addresses: JudgedAddresses,
  signal: AbortSignal,
) {
  const facts = factsOf(message).map(([name, value]) => `*${name}* ${slackText(value)}`);
  const head = slackText(message.text === null ? titleOf(message) : `${message.text}\n${titleOf(message)}`);
  const body = {
    text: head,
    blocks: [
      { type: "section", text: { type: "mrkdwn", text: head } },
      {
        type: "section",
        text: { type: "mrkdwn", text: `${facts.join("\n")}\n<${message.link}|Open in Hoop>`.slice(0, 3_000) },
      },
    ],
  };
  return send(spec, url, body, addresses, signal);
}

// Markdown of adaptive cards: a backslash before it makes each of these itself.
const cardText = (text: string) => text.replaceAll(/[\\`*_[\]()#<>~|!-]/g, (character) => `\\${character}`);

/** A workflow webhook of Microsoft Teams: one adaptive card. */
export function sendTeams(
  spec: ReceiverSpec,
  url: string | null,
  message: Message,
  addresses: JudgedAddresses,
  signal: AbortSignal,
) {
  const lines = [
    { type: "TextBlock", text: cardText(titleOf(message)), wrap: true, weight: "Bolder" },
    ...(message.text === null ? [] : [{ type: "TextBlock", text: cardText(message.text), wrap: true }]),
    { type: "FactSet", facts: factsOf(message).map(([title, value]) => ({ title, value: cardText(value) })) },
  ];
  const content = {
    $schema: "http://adaptivecards.io/schemas/adaptive-card.json",
    type: "AdaptiveCard",
    version: "1.4",
    body: lines,
    actions: [{ type: "Action.OpenUrl", title: "Open in Hoop", url: message.link }],
  };
  const body = { type: "message", attachments: [{ contentType: "application/vnd.microsoft.card.adaptive", content }] };
  return send(spec, url, body, addresses, signal);
}
