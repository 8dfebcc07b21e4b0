import { Badge, Button } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { getRouteApi, Link } from "@tanstack/react-router";
import { useState } from "react";
import { sessionQuery } from "../../api/queries.js";
import type { RecordedSession } from "../../api/types.js";
import { may, useMe } from "../../layout/use-me.js";
import { durationText } from "../../ui/durations.js";
import { Page } from "../../ui/page.js";
import { QueryView } from "../../ui/query-view.js";
import { RelativeTime } from "../../ui/relative-time.js";
import { KillDialog } from "./kill-dialog.js";
import { SessionEntries } from "./session-entries.js";
import { TerminalCard } from "./terminal-card.js";

const route = getRouteApi("/signed-in/shell/sessions/$session");

export function SessionPage() {
  const { session: id } = route.useParams();
  const session = useQuery(sessionQuery(id));
  const me = useMe();
  const found = session.data;
  return (
    <Page
      title={found === undefined ? "Session" : `${found.subject.name} on ${found.connection}`}
      intro={
        <Link className="text-link" to="/sessions" search={{ view: "recorded" }}>
          All sessions
        </Link>
      }
      actions={found?.endedAt === null && <Kill session={found} />}
    >
      <QueryView query={session}>
        {(shown) => (
          <>
            <Facts session={shown} />
            {me.auditor && shown.protocol === "ssh" && <TerminalCard session={shown} />}
            <SessionEntries session={shown} />
          </>
        )}
      </QueryView>
    </Page>
  );
}

function Kill({ session }: { session: RecordedSession }) {
  const me = useMe();
  const [asking, setAsking] = useState(false);
  if (!may(me, "sessions.kill") && session.subject.id !== me.subject.id) return null;
  return (
    <>
      <Button color="red" variant="light" onClick={() => setAsking(true)}>
        End this session
      </Button>
      {asking && <KillDialog session={session} onClose={() => setAsking(false)} />}
    </>
  );
}

function Facts({ session }: { session: RecordedSession }) {
  const { startedAt, endedAt, end } = session;
  return (
    <div className="card">
      <dl className="facts session-facts">
        <dt>State</dt>
        <dd>
          {endedAt === null ? (
            <Badge color="green" variant="light">
              Open
            </Badge>
          ) : end?.code === "refused" ? (
            <Badge color="red" variant="light">
              Refused
            </Badge>
          ) : (
            `ended after ${durationText(Date.parse(endedAt) - Date.parse(startedAt))}${end === null ? "" : `: ${end.text}`}`
          )}
        </dd>
        <dt>Started</dt>
        <dd>
          <RelativeTime at={startedAt} />
        </dd>
        <dt>From</dt>
        <dd className="mono">{session.from}</dd>
        <dt>Statements</dt>
        <dd>{session.statements}</dd>
        <dt>Id</dt>
        <dd className="mono">{session.id}</dd>
      </dl>
    </div>
  );
}
