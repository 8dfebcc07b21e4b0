import { Button } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { getRouteApi, Link } from "@tanstack/react-router";
import { write } from "../../api/request.js";
import { type RunDetail, type RunStep, runQuery } from "../../api/runbook-queries.js";
import { CodeBlock } from "../../ui/code-block.js";
import { Page } from "../../ui/page.js";
import { QueryView } from "../../ui/query-view.js";
import { RelativeTime } from "../../ui/relative-time.js";
import { useChange } from "../../ui/use-change.js";
import { RunStateBadge, StepStateBadge } from "./run-state.js";

const route = getRouteApi("/signed-in/shell/runs/$run");

export function RunPage() {
  const { run: id } = route.useParams();
  const found = useQuery(runQuery(id));
  const cancel = useChange({
    act: () => write("POST", `/runs/${encodeURIComponent(id)}/cancel`, { body: {} }),
    touches: [["runs"]],
    done: () => "The run ends; what it did is undone as the runbook says",
  });
  return (
    <QueryView query={found}>
      {(run) => (
        <Page
          title={`Run of ${run.runbook}`}
          intro={
            <>
              <RunStateBadge state={run.state} /> asked by {run.askedBy.name} <RelativeTime at={run.createdAt} />
            </>
          }
          actions={
            run.mayCancel && (
              <Button color="red" variant="light" loading={cancel.isPending} onClick={() => cancel.mutate(undefined)}>
                End it
              </Button>
            )
          }
        >
          <Facts run={run} />
          <h2>Steps</h2>
          {run.steps.length === 0 && <p className="dim">None has begun.</p>}
          {run.steps.map((step) => (
            <StepView key={step.n} step={step} />
          ))}
        </Page>
      )}
    </QueryView>
  );
}

function Facts({ run }: { run: RunDetail }) {
  const parameters = Object.entries(run.parameters).filter(([, value]) => value !== null);
  return (
    <dl className="facts">
      <dt>Runbook</dt>
      <dd>
        <Link to="/runbooks/$runbook" params={{ runbook: run.runbook }}>
          {run.runbook}
        </Link>
        , version {run.version}
      </dd>
      <dt>Runs as</dt>
      <dd>{run.runsAs.name}</dd>
      {run.cause.map((link) => (
        <Because key={link.event} event={link.event} rule={link.rule} />
      ))}
      {run.review !== null && (
        <>
          <dt>Review</dt>
          <dd>
            <Link to="/reviews/$review" params={{ review: run.review }}>
              {run.review}
            </Link>
          </dd>
        </>
      )}
      {parameters.map(([name, value]) => (
        <Parameter key={name} name={name} value={String(value)} />
      ))}
      {run.error !== null && (
        <>
          <dt>What went wrong</dt>
          <dd>{run.error}</dd>
        </>
      )}
    </dl>
  );
}

function Because({ event, rule }: { event: string; rule: string }) {
  return (
    <>
      <dt>Because of</dt>
      <dd>
        rule {rule}, event <span className="mono">{event}</span>
      </dd>
    </>
  );
}

function Parameter({ name, value }: { name: string; value: string }) {
  return (
    <>
      <dt className="mono">{name}</dt>
      <dd className="mono">{value}</dd>
    </>
  );
}

function StepView({ step }: { step: RunStep }) {
  const { result } = step;
  const output =
    result === null ? "" : [result.stdout, result.stderr, result.body].filter((text) => text !== "").join("\n");
  return (
    <div className="run-step">
      <p className="row">
        <strong>{step.phase === "step" ? step.name : `undo ${step.name}`}</strong>
        {step.connection !== null && <span>on {step.connection}</span>}
        <StepStateBadge state={step.state} />
        {step.session !== null && (
          <Link to="/sessions/$session" params={{ session: step.session }}>
            its session
          </Link>
        )}
      </p>
      {step.sent !== null && <CodeBlock label="Text">{step.sent}</CodeBlock>}
      {step.error !== null && <p>{step.error}</p>}
      {result !== null && <p className="dim">{outcomeOf(result)}</p>}
      {result !== null && result.sample.length > 0 && (
        <CodeBlock label="Text">
          {[
            result.columns.join(" | "),
            ...result.sample.map((row) => row.map((cell) => cell ?? "NULL").join(" | ")),
          ].join("\n")}
        </CodeBlock>
      )}
      {output !== "" && <CodeBlock label="Text">{output}</CodeBlock>}
    </div>
  );
}

function outcomeOf({ rows, exit, status, cut }: NonNullable<RunStep["result"]>): string {
  const said = exit !== null ? `exit code ${exit}` : status !== null ? `status ${status}` : `${rows} rows`;
  return cut > 0 ? `${said}; ${cut} bytes of output are not kept` : said;
}
