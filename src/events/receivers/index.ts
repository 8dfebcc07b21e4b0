import { sendSlack, sendTeams } from "./chat.js";
import { sendEmail } from "./email.js";
import type { Message } from "./message.js";
import type { Outcome } from "./outcome.js";
import { sendPagerDuty } from "./pagerduty.js";
import type { JudgedAddresses } from "./request.js";
import type { ReceiverSpec } from "./schema.js";
import { sendWebhook } from "./webhook.js";

/** Puts a message into the receiver's form and hands it over. `secret`: the sealed one, opened for this use. Never throws. */
export type Send = (
  spec: ReceiverSpec,
  secret: string | null,
  message: Message,
  addresses: JudgedAddresses,
  signal: AbortSignal,
) => Promise<Outcome> | Outcome;

/** Every type of receiver; one line a type. */
export const senders: Readonly<Record<ReceiverSpec["type"], Send>> = {
  webhook: sendWebhook,
  slack: sendSlack,
  teams: sendTeams,
  email: sendEmail,
  pagerduty: sendPagerDuty,
};
