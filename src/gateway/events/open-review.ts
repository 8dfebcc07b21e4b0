import { hash } from "node:crypto";
import type { Connections } from "../../connections/index.js";
import type { EventDraft } from "../../events/index.js";
import type { Reviews } from "../../reviews/index.js";
import { type HoldTerms, HoopError, ruleId, type Subject, sessionId } from "../../vocabulary/index.js";

/** Opens a review of a session and whoever is in it, for a rule. Answers its id; the same digest opens one. */
export function openAccessReview(parts: {
  readonly reviews: () => Reviews;
  readonly connections: Connections;
  readonly subject: (id: string) => Promise<Subject | null>;
}) {
  return async ({
    event,
    rule,
    terms,
    digest,
  }: {
    readonly event: EventDraft;
    readonly rule: string;
    readonly terms: HoldTerms;
    readonly digest: string;
  }): Promise<string> => {
    const subject = event.subject === null ? null : await parts.subject(event.subject.id);
    const connection = event.connection === null ? undefined : parts.connections.source.byName(event.connection);
    if (subject === null || connection === undefined || event.session === null)
      throw new HoopError("not-found", "whoever or whatever this review would be about is not there any more");
    const text = `reaction "${rule}": ${event.type}`;
    const shown = (event.data as { readonly shown?: unknown }).shown;
    const held = await parts.reviews().desk.hold(
      {
        subject,
        onBehalfOf: subject.onBehalfOf ?? null,
        connection,
        session: sessionId(event.session),
        statement: null,
        digest: hash("sha256", digest, "hex"),
        text: typeof shown === "string" ? `${text}\n${shown}` : text,
        values: null,
        database: null,
        role: null,
        analysis: null,
        terms: [terms],
        reasons: [{ rule: ruleId(rule), code: "reaction", text: `${text} led to this review` }],
        transaction: [],
      },
      () => {},
    );
    // Nobody waits at this desk for it: what people decide is an event, and takes effect from there.
    held.leave("restarted");
    return held.id;
  };
}
