import { Tabs } from "@mantine/core";
import { useNavigate, useSearch } from "@tanstack/react-router";
import { may, useMe } from "../../layout/use-me.js";
import { Page } from "../../ui/page.js";
import { DeadLetters } from "./dead-letters.js";
import { EventTail } from "./event-tail.js";
import { Exporters } from "./exporters.js";
import { Reactions } from "./reactions.js";
import { Restraints } from "./restraints.js";

/** What happened, the rules that answer it, what those could not deliver, and what leaves for tools elsewhere. */
export function EventsPage() {
  const { view = "tail" } = useSearch({ from: "/signed-in/shell/events" });
  const seesExporters = may(useMe(), "events.read");
  const navigate = useNavigate();
  return (
    <Page
      title="Events"
      intro="What happens inside of sessions and to Hoop itself, while it does, and the rules that answer it."
    >
      <Restraints />
      <Tabs
        value={view}
        keepMounted={false}
        onChange={(next) =>
          void navigate({
            to: "/events",
            search: next === "reactions" || next === "dead-letters" || next === "exporters" ? { view: next } : {},
            replace: true,
          })
        }
      >
        <Tabs.List mb="md">
          <Tabs.Tab value="tail">Events</Tabs.Tab>
          <Tabs.Tab value="reactions">Reactions</Tabs.Tab>
          <Tabs.Tab value="dead-letters">Dead letters</Tabs.Tab>
          {seesExporters && <Tabs.Tab value="exporters">Exporters</Tabs.Tab>}
        </Tabs.List>
        <Tabs.Panel value="tail">
          <EventTail />
        </Tabs.Panel>
        <Tabs.Panel value="reactions">
          <Reactions />
        </Tabs.Panel>
        <Tabs.Panel value="dead-letters">
          <DeadLetters />
        </Tabs.Panel>
        {seesExporters && (
          <Tabs.Panel value="exporters">
            <Exporters />
          </Tabs.Panel>
        )}
      </Tabs>
    </Page>
  );
}
