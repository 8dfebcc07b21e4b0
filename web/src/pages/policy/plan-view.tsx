import { Alert, Badge, Button } from "@mantine/core";
import type { PolicyChange, PolicyPlan } from "../../api/types.js";
import { countText } from "../../ui/counts.js";
import { Diff } from "../../ui/diff.js";
import { EmptyState } from "../../ui/empty-state.js";
import { ProblemAlert } from "../../ui/problem-alert.js";

const words: Readonly<Record<PolicyChange["action"], readonly [label: string, colour: string]>> = {
  create: ["Add", "green"],
  update: ["Change", "yellow"],
  delete: ["Remove", "red"],
  unchanged: ["Keep", "gray"],
};

interface PlanViewProps {
  readonly plan: PolicyPlan;
  readonly busy: boolean;
  readonly error: unknown;
  readonly onApply: () => void;
}

/** What applying would change, document by document. */
export function PlanView({ plan, busy, error, onApply }: PlanViewProps) {
  const changes = plan.changes.filter((change) => change.action !== "unchanged");
  if (changes.length === 0) return <EmptyState title="Nothing would change" />;
  return (
    <section className="card stack" aria-label="Plan">
      <div className="row row-between">
        <h2 className="section-title">{countText(changes.length, "document")} would change</h2>
        <Button loading={busy} onClick={onApply}>
          Apply
        </Button>
      </div>
      <ProblemAlert error={error} />
      {plan.warnings.length > 0 && (
        <Alert color="yellow" variant="light" title="Before you apply it">
          <ul className="rules">
            {plan.warnings.map((warning) => (
              <li key={warning}>{warning}</li>
            ))}
          </ul>
        </Alert>
      )}
      {changes.map(({ action, kind, name, lines }) => (
        <div key={`${kind}/${name}`} className="stack plan-change">
          <div className="row">
            <Badge color={words[action][1]} variant="light">
              {words[action][0]}
            </Badge>
            <code className="mono">
              {kind}/{name}
            </code>
          </div>
          <Diff lines={lines} label={`${words[action][0]} ${kind}/${name}`} />
        </div>
      ))}
    </section>
  );
}
