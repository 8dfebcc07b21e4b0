import type { EndReason, SessionInit } from "../../../protocol/index.js";
import { encodeOwnReport, type Report } from "../errors.js";
import { Outbox } from "./outbox.js";

/** What all phases of one session share. */
export class Core {
  readonly init: SessionInit;
  readonly out = new Outbox();
  now = 0;
  ended = false;
  /** Whether the client has told its protocol version, so that an error of ours can be read. */
  clientSpeaks = false;
  /** The client was told that its login is accepted. */
  authenticated = false;
  /** TLS on the target's side, as the cancel on a connection of its own must have it too. */
  targetTls = false;
  targetCancel: { readonly processId: number; readonly secret: Buffer } | null = null;

  constructor(init: SessionInit) {
    this.init = init;
  }

  /** Says why in the client's protocol, when it can read that, and ends. Nothing follows. */
  end(reason: EndReason, lastWords?: Report): void {
    if (this.ended) return;
    this.ended = true;
    if (lastWords !== undefined && this.clientSpeaks) this.out.send("client", encodeOwnReport(lastWords));
    this.out.push({ kind: "end", reason });
  }
}
