import { Badge } from "@mantine/core";
import type { DryStep } from "../../api/runbook-queries.js";
import { CodeBlock } from "../../ui/code-block.js";
import { VisibleText } from "../../ui/visible-text.js";

const colours: Readonly<Record<DryStep["outcome"], string>> = {
  allow: "green",
  deny: "red",
  hold: "yellow",
  challenge: "yellow",
  unknown: "gray",
};

type Shown = Pick<DryStep, "name" | "phase" | "connection" | "when" | "outcome" | "reasons"> & {
  /** Null: it is not for this reader. */
  readonly sends: string | null;
};

/** What would be sent, step by step, and what the rules say of it. Nothing was sent. */
export function DryRunView({ steps }: { steps: readonly Shown[] }) {
  return (
    <section aria-label="What it would do">
      {steps.map((step) => (
        <div key={`${step.phase} ${step.name}`} className="run-step">
          <p className="row">
            <strong>{step.phase === "step" ? step.name : `undo ${step.name}`}</strong> on {step.connection}
            <Badge color={colours[step.outcome]} variant="light">
              {step.outcome}
            </Badge>
            {step.when !== null && <span className="dim">when {step.when}</span>}
          </p>
          {step.sends !== null && step.sends !== "" && (
            <CodeBlock label="Text">
              <VisibleText text={step.sends} />
            </CodeBlock>
          )}
          {step.outcome !== "allow" && step.reasons.map((reason) => <p key={reason}>{reason}</p>)}
        </div>
      ))}
    </section>
  );
}
