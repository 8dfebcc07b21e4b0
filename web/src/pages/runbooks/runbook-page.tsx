import { useQuery } from "@tanstack/react-query";
import { getRouteApi } from "@tanstack/react-router";
import { runbookQuery } from "../../api/runbook-queries.js";
import { may, useMe } from "../../layout/use-me.js";
import { CodeBlock } from "../../ui/code-block.js";
import { DataTable } from "../../ui/data-table.js";
import { Page } from "../../ui/page.js";
import { QueryView } from "../../ui/query-view.js";
import { RunForm } from "./run-form.js";
import { RunList } from "./run-list.js";

const route = getRouteApi("/signed-in/shell/runbooks/$runbook");

export function RunbookPage() {
  const { runbook: name } = route.useParams();
  const all = may(useMe(), "runbooks.read");
  const found = useQuery(runbookQuery(name));
  return (
    <QueryView query={found}>
      {(runbook) => (
        <Page title={runbook.title} intro={`${runbook.name}, version ${runbook.version}, from ${runbook.origin}`}>
          {runbook.body.trim() !== "" && <CodeBlock label="Text">{runbook.body.trim()}</CodeBlock>}
          <h2>Run it{runbook.runsAs === null ? "" : ` as ${runbook.runsAs}`}</h2>
          <RunForm key={runbook.version} runbook={runbook} />
          <h2>Steps</h2>
          <DataTable
            label="Steps"
            rows={runbook.plan}
            keyOf={(step) => step.name}
            columns={[
              { name: "Step", cell: (step) => <strong>{step.title}</strong> },
              { name: "On", cell: (step) => step.connection },
              { name: "When", cell: (step) => <span className="mono">{step.when ?? "always"}</span> },
              { name: "Undone on failure", cell: (step) => (step.compensates ? "yes" : "no") },
              { name: "Sends", cell: (step) => <span className="mono">{step.text}</span> },
            ]}
          />
          <h2>Its runs</h2>
          <RunList runbook={runbook.name} all={all} />
        </Page>
      )}
    </QueryView>
  );
}
