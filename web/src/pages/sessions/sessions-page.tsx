import { Tabs } from "@mantine/core";
import { getRouteApi, useNavigate } from "@tanstack/react-router";
import { may, useMe } from "../../layout/use-me.js";
import type { SessionView } from "../../router.js";
import { Page } from "../../ui/page.js";
import { LiveSessions } from "./live-sessions.js";
import { RecordedSessions } from "./recorded-sessions.js";
import { ScreenSearch } from "./screen-search.js";
import { SessionFilters } from "./session-filters.js";

const route = getRouteApi("/signed-in/shell/sessions");

const views: readonly SessionView[] = ["live", "recorded", "screens"];

export function SessionsPage() {
  const { view = "live", subject = "", connection = "" } = route.useSearch();
  const auditor = may(useMe(), "sessions.read");
  const navigate = useNavigate();
  const filter = { subject, connection };
  const show = (change: { view?: SessionView; subject?: string; connection?: string }) => {
    const next = { view, ...filter, ...change };
    const search = { view: next.view, subject: next.subject || undefined, connection: next.connection || undefined };
    void navigate({ to: "/sessions", search, replace: true });
  };
  return (
    <Page
      title="Sessions"
      intro={auditor ? "Who is using what, and what was done." : "What you have open, and what you have done."}
    >
      <Tabs value={view} onChange={(next) => show({ view: views.find((one) => one === next) ?? "live" })}>
        <Tabs.List>
          <Tabs.Tab value="live">Live</Tabs.Tab>
          <Tabs.Tab value="recorded">Recorded</Tabs.Tab>
          {auditor && <Tabs.Tab value="screens">On screens</Tabs.Tab>}
        </Tabs.List>
      </Tabs>
      <SessionFilters filter={filter} onChange={show} />
      {view === "live" && <LiveSessions filter={filter} />}
      {view === "recorded" && <RecordedSessions filter={filter} />}
      {view === "screens" && <ScreenSearch filter={filter} />}
    </Page>
  );
}
