import { Alert, Tabs } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { getRouteApi, useNavigate } from "@tanstack/react-router";
import { policyQuery } from "../../api/queries.js";
import { may, useMe } from "../../layout/use-me.js";
import type { PolicyView } from "../../router.js";
import { Page } from "../../ui/page.js";
import { CapabilityGrid } from "./capability-grid.js";
import { ExplainAccess } from "./explain-access.js";
import { History } from "./history.js";
import { PolicyEditor } from "./policy-editor.js";
import { Rules } from "./rules.js";
import { ShadowRules } from "./shadow-rules.js";
import { Simulator } from "./simulator.js";

const route = getRouteApi("/signed-in/shell/policy");

export function PolicyPage() {
  const { view = "rules" } = route.useSearch();
  const admin = may(useMe(), "policy.write");
  const navigate = useNavigate();
  const policy = useQuery(policyQuery);
  const problem = policy.data?.problem ?? null;
  return (
    <Page
      title="Policy"
      intro="Who may do what, and what they see of it. Nothing is allowed that no access rule allows."
    >
      {problem !== null && (
        <Alert color="red" variant="light" title="The newest policy is not in force">
          {problem}
        </Alert>
      )}
      <Tabs
        value={view}
        onChange={(next) => void navigate({ to: "/policy", search: { view: (next ?? "rules") as PolicyView } })}
      >
        <Tabs.List>
          <Tabs.Tab value="rules">Rules</Tabs.Tab>
          <Tabs.Tab value="explain">Explain</Tabs.Tab>
          <Tabs.Tab value="simulate">Simulate</Tabs.Tab>
          <Tabs.Tab value="shadows">Watching</Tabs.Tab>
          <Tabs.Tab value="grid">Protocols</Tabs.Tab>
          <Tabs.Tab value="edit">{admin ? "Edit" : "Documents"}</Tabs.Tab>
          <Tabs.Tab value="history">History</Tabs.Tab>
        </Tabs.List>
      </Tabs>
      {view === "rules" && <Rules />}
      {view === "explain" && <ExplainAccess />}
      {view === "simulate" && <Simulator />}
      {view === "shadows" && <ShadowRules />}
      {view === "grid" && <CapabilityGrid />}
      {view === "edit" && <PolicyEditor />}
      {view === "history" && <History />}
    </Page>
  );
}
