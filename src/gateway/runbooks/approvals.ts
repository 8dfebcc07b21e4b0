import type { ReviewDesk, ReviewState } from "../../reviews/index.js";
import type { RunApprovals } from "../../runbooks/index.js";
import { sessionId, statementId } from "../../vocabulary/index.js";

/** A run waits at the same desk as statements do, by the same rules of who may approve. */
export function createRunApprovals(desk: ReviewDesk): RunApprovals {
  return {
    async ask(request, decided) {
      const session = sessionId(request.run);
      const held = await desk.hold(
        {
          subject: request.asker ?? request.subject,
          onBehalfOf: null,
          connection: request.connection,
          // A run is nobody's session; its id stands where a session's would.
          session,
          statement: statementId(session, 0),
          digest: request.digest,
          text: request.text,
          values: null,
          database: null,
          role: null,
          analysis: null,
          terms: [request.terms],
          reasons: [{ rule: request.terms.rule, code: "runbook-review", text: request.why }],
          transaction: [],
        },
        (state) => {
          const decision = decisionOf(state);
          if (decision) decided(decision);
        },
      );
      return { review: held.id, leave: (why) => held.leave(why) };
    },
    use: (review, digest) => desk.consume(review, digest),
  };
}

function decisionOf(state: ReviewState): { readonly approved: boolean; readonly why: string } | null {
  switch (state.state) {
    case "pending":
      return null;
    case "approved":
      return { approved: true, why: "" };
    case "denied":
      return { approved: false, why: `${state.by} denied it${state.reason ? `: ${state.reason}` : ""}` };
    case "expired":
      return { approved: false, why: "nobody approved it in time" };
    default:
      return { approved: false, why: `its review was ${state.state}` };
  }
}
