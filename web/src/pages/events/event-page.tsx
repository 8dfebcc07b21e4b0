import { useQuery } from "@tanstack/react-query";
import { useParams } from "@tanstack/react-router";
import { eventQuery } from "../../api/event-queries.js";
import { Page } from "../../ui/page.js";
import { QueryView } from "../../ui/query-view.js";

/** One event whole, as receivers are told of it. */
export function EventPage() {
  const { event: id } = useParams({ from: "/signed-in/shell/events/$event" });
  const event = useQuery(eventQuery(id));
  return (
    <Page title="Event" intro="As it is in the log.">
      <QueryView query={event}>{(found) => <pre className="code">{JSON.stringify(found, null, 2)}</pre>}</QueryView>
    </Page>
  );
}
