import { Badge } from "@mantine/core";
import type { RecordedSession } from "../../api/types.js";
import { useMe } from "../../layout/use-me.js";
import { countText } from "../../ui/counts.js";
import { durationText } from "../../ui/durations.js";
import { OutcomeBadge } from "../../ui/outcome-badge.js";
import { Reasons } from "../../ui/reasons.js";
import { EntryTime } from "./entry-time.js";
import { SealedParts } from "./sealed-parts.js";
import type { Finished, StatementItem } from "./timeline.js";

/** One statement: what was asked, what the rules said, what came of it. */
export function StatementEntry({ session, item }: { session: RecordedSession; item: StatementItem }) {
  const me = useMe();
  const { outcome, finished, shown, reasons, purpose } = item;
  const allowed = outcome === "allow";
  return (
    <li className="entry" data-tone={!allowed ? "bad" : finished?.outcome === "error" ? "warning" : "good"}>
      <div className="entry-head">
        <EntryTime at={item.time} />
        <OutcomeBadge outcome={outcome} />
        {purpose !== "forward" && <Badge variant="outline">By Hoop itself: {purpose}</Badge>}
        {finished !== null && <Result finished={finished} protocol={session.protocol} />}
        {allowed && finished === null && (
          <span className="dim small">{item.phase === "prepare" ? "prepared" : "not finished"}</span>
        )}
      </div>
      {shown !== null ? (
        <pre className="statement">
          {shown}
          {item.cut && " …"}
        </pre>
      ) : (
        <p className="dim small">The text is sealed: it could not be shown without the values in it.</p>
      )}
      {!allowed && (
        <div className="entry-reasons">
          <Reasons reasons={reasons} />
        </div>
      )}
      <Details item={item} />
      {me.auditor && <SealedParts session={session.id} item={item} />}
    </li>
  );
}

function Result({ finished, protocol }: { finished: Finished; protocol: string }) {
  const { outcome, rows, maskedCells, durationMs, tag, errorCode, detected } = finished;
  // A command, a request and a file have none; "0 rows" would read as if they had found nothing.
  const counted = rows > 0 || protocol === "postgres" || protocol === "mysql" ? countText(rows, "row") : null;
  const said = tag !== null && rows === 0 ? tag : counted;
  return (
    <>
      {outcome === "error" && (
        <Badge color="yellow" variant="light">
          Failed{errorCode === null ? "" : ` ${errorCode}`}
        </Badge>
      )}
      {outcome === "cancelled" && (
        <Badge color="gray" variant="light">
          Cancelled
        </Badge>
      )}
      {said !== null && <span className="dim">{said}</span>}
      {maskedCells > 0 && (
        <Badge color="violet" variant="light">
          {countText(maskedCells, "masked cell")}
        </Badge>
      )}
      {Object.entries(detected).map(([kind, found]) => (
        <Badge key={kind} color="violet" variant="outline">
          {found} × {kind}
        </Badge>
      ))}
      <span className="dim">{durationText(durationMs)}</span>
    </>
  );
}

function Details({ item }: { item: StatementItem }) {
  const { analysis, reasons, outcome, policyVersion, phase, finished } = item;
  const touched = (analysis?.resources ?? []).filter((resource) => resource.kind !== "column");
  return (
    <details className="entry-details">
      <summary>Details</summary>
      <dl className="facts">
        {outcome === "allow" && reasons.length > 0 && (
          <>
            <dt>Because</dt>
            <dd>
              <Reasons reasons={reasons} />
            </dd>
          </>
        )}
        {analysis !== null && (
          <>
            <dt>Effects</dt>
            <dd>{analysis.effects.join(", ") || "none"}</dd>
          </>
        )}
        {touched.length > 0 && (
          <>
            <dt>Touches</dt>
            <dd className="mono">{touched.map((one) => `${one.access} ${one.kind} ${one.name}`).join(", ")}</dd>
          </>
        )}
        {analysis !== null && analysis.unknowns.length > 0 && (
          <>
            <dt>Not known</dt>
            <dd>{analysis.unknowns.join("; ")}</dd>
          </>
        )}
        {finished !== null && (
          <>
            <dt>Answer</dt>
            <dd>
              {finished.tag ?? finished.outcome}, {countText(finished.bytes, "byte")}
            </dd>
          </>
        )}
        <dt>Judged</dt>
        <dd>
          at {phase || "once"}, by policy <span className="mono">{policyVersion.slice(0, 12)}</span>
        </dd>
      </dl>
    </details>
  );
}
