import type { EndReason, SessionHost } from "../../protocol/index.js";
import { joinPipes } from "../../transport/join-pipes.js";
import { hoopErrorFrom } from "../../vocabulary/index.js";

/**
 * Carries bytes between client and target and looks at none of them: who may connect was decided before, and how much passed is
 * written down by the relay. A refusal has no words in a protocol that is not known: the connection is closed.
 */
export async function serve(host: SessionHost): Promise<EndReason> {
  const { client, init } = host;
  if (init.refusal) {
    client.abort({ code: "denied", text: init.refusal.text });
    return { code: "refused", text: init.refusal.text };
  }
  let ended: EndReason | null = null;
  host.onOrder((order) => {
    if (order.kind !== "end") return;
    ended = order.reason;
    client.abort({ code: "denied", text: order.reason.text });
  });
  try {
    const target = await host.dial(host.signal);
    host.note({ kind: "ready", targetVersion: "tcp", client: {} });
    const abort = await joinPipes(client, target);
    return ended ?? { code: "client-closed", text: abort?.text ?? "both sides closed in order" };
  } catch (error) {
    const { message } = hoopErrorFrom(error, "the target could not be reached");
    client.abort({ code: "unavailable", text: message });
    return ended ?? { code: "unavailable", text: message };
  }
}
