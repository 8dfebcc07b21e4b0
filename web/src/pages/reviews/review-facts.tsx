import { Link } from "@tanstack/react-router";
import type { ReactNode } from "react";
import type { Review } from "../../api/review-types.js";
import { may, useMe } from "../../layout/use-me.js";
import { lengthText } from "../../ui/durations.js";
import { RelativeTime } from "../../ui/relative-time.js";
import { VisibleText } from "../../ui/visible-text.js";
import { grantEnd } from "../access/grant-end.js";
import { ReviewStateBadge } from "./review-state.js";

const kinds = { person: "", service: " (a service account)", agent: " (an AI agent)" } as const;
/** Resources named in one line; an analysis may have hundreds. */
const named = 12;

/** Who asks, on what, how far it is. */
export function ReviewFacts({ review }: { review: Review }) {
  const me = useMe();
  const { requester, onBehalfOf, wish, reveal, run, analysis } = review;
  return (
    <div className="card">
      <dl className="facts session-facts">
        <Fact name="State">
          <ReviewStateBadge review={review} />
        </Fact>
        <Fact name={review.state === "pending" ? "Missing" : "Outcome"}>
          {review.state === "pending" ? review.missing : (review.ending ?? <Until review={review} />)}
        </Fact>
        <Fact name="Asked by">
          {requester.name}
          {kinds[requester.kind]}
          {onBehalfOf !== null && `, for ${onBehalfOf.name}`}
        </Fact>
        {review.connections.length > 0 && <Fact name="On">{review.connections.join(", ")}</Fact>}
        {review.database !== null && <Fact name="Database">{review.database}</Fact>}
        {review.role !== null && <Fact name="Role">{review.role}</Fact>}
        {wish !== null && (
          <>
            <Fact name="Wants to">{wish.effects.join(", ")}</Fact>
            <Fact name="For">{lengthText(wish.durationMs)}</Fact>
            <Fact name="Ticket">{wish.ticket ?? "–"}</Fact>
            <Fact name="Reason">{wish.reason}</Fact>
          </>
        )}
        {reveal !== null && (
          <>
            <Fact name="Purpose">
              {reveal.purpose} ({reveal.form})
            </Fact>
            <Fact name="Column">{reveal.column === null ? "not said" : <VisibleText text={reveal.column} />}</Fact>
            <Fact name="Token">
              <span className="mono">
                {reveal.token === null ? "shown to those who decide" : <VisibleText text={reveal.token} />}
              </span>
            </Fact>
            <Fact name="Reason">{reveal.reason}</Fact>
          </>
        )}
        {run !== null && (
          <>
            <Fact name="Runbook">
              <Link className="text-link" to="/runbooks/$runbook" params={{ runbook: run.runbook }}>
                {run.runbook}
              </Link>
              , version {run.version}
            </Fact>
            <Fact name="Runs as">{run.runsAs}</Fact>
            {(may(me, "runbooks.read") || me.subject.id === requester.id) && (
              <Fact name="Run">
                <Link className="text-link" to="/runs/$run" params={{ run: run.run }}>
                  how it stands
                </Link>
              </Fact>
            )}
          </>
        )}
        {analysis !== null && (
          <>
            <Fact name="May">{analysis.effects.join(", ") || "nothing"}</Fact>
            <Fact name="Reaches">{reachOf(analysis.resources)}</Fact>
          </>
        )}
        <Fact name="Asked">
          <RelativeTime at={review.openedAt} past />
        </Fact>
        {review.state === "pending" && (
          <Fact name="Expires">
            <RelativeTime at={review.expiresAt} />
          </Fact>
        )}
        <Fact name="Review">
          <span className="mono">{review.id}</span>
        </Fact>
        {review.session !== null && (me.auditor || me.subject.id === requester.id) && (
          <Fact name="Session">
            <Link className="text-link" to="/sessions/$session" params={{ session: review.session }}>
              what was done in it
            </Link>
          </Fact>
        )}
      </dl>
    </div>
  );
}

function Fact({ name, children }: { name: string; children: ReactNode }) {
  return (
    <>
      <dt>{name}</dt>
      <dd>{children}</dd>
    </>
  );
}

function Until({ review }: { review: Review }) {
  if (review.grant?.ended) return <>granted, then {grantEnd(review.grant.ended)}</>;
  if (review.useBy === null) return "approved";
  return (
    <>
      {review.kind === "access" ? "granted, ends " : "may be used, at the latest "}
      <RelativeTime at={review.useBy} />
    </>
  );
}

function reachOf(resources: NonNullable<Review["analysis"]>["resources"]): string {
  const relations = resources.filter(({ kind }) => kind !== "column");
  if (relations.length === 0) return "nothing by name";
  const words = relations.slice(0, named).map(({ name, access }) => `${name} (${access})`);
  return relations.length > named ? `${words.join(", ")} and ${relations.length - named} more` : words.join(", ");
}
