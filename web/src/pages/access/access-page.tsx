import { Button, Tabs } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { getRouteApi, useNavigate } from "@tanstack/react-router";
import { useState } from "react";
import { accessOptionsQuery } from "../../api/review-queries.js";
import { may, useMe } from "../../layout/use-me.js";
import { EmptyState } from "../../ui/empty-state.js";
import { Page } from "../../ui/page.js";
import { GrantList } from "./grant-list.js";
import { RequestDialog } from "./request-dialog.js";

const route = getRouteApi("/signed-in/shell/access");

/** Access that ends by itself: ask for it, see what one has, give it back. */
export function AccessPage() {
  const { view = "mine" } = route.useSearch();
  const auditor = may(useMe(), "grants.read");
  const navigate = useNavigate();
  const options = useQuery(accessOptionsQuery);
  const [asking, setAsking] = useState(false);
  const askable = options.data?.items ?? [];
  return (
    <Page
      title="Access"
      intro="Access for a time: it is asked for, approved by those whom a rule names, and ends by itself, with the sessions that rest on it."
      actions={askable.length > 0 && <Button onClick={() => setAsking(true)}>Ask for access</Button>}
    >
      {auditor && (
        <Tabs
          value={view}
          onChange={(next) =>
            void navigate({ to: "/access", search: next === "all" ? { view: "all" } : {}, replace: true })
          }
        >
          <Tabs.List>
            <Tabs.Tab value="mine">Mine</Tabs.Tab>
            <Tabs.Tab value="all">Everybody's</Tabs.Tab>
          </Tabs.List>
        </Tabs>
      )}
      <GrantList
        view={view}
        empty={
          <EmptyState title="No access is granted for a time">
            <p>
              {askable.length > 0
                ? "Ask for what you need: who decides is told, and you see here until when you have it."
                : "The rules let you ask for nothing. Admins allow it with a policy document of kind request."}
            </p>
          </EmptyState>
        }
      />
      {asking && <RequestDialog options={askable} onClose={() => setAsking(false)} />}
    </Page>
  );
}
