import { Badge } from "@mantine/core";
import type { RuleTrial, Simulation } from "../../api/types.js";
import { OutcomeBadge } from "../../ui/outcome-badge.js";
import { Reasons } from "../../ui/reasons.js";
import { sentence } from "../../ui/sentence.js";

const colours: Readonly<Record<RuleTrial["counts"], string>> = {
  allows: "green",
  denies: "red",
  holds: "yellow",
  challenges: "yellow",
  masks: "violet",
  counts: "blue",
  nothing: "gray",
};

/** The verdict, why, and what every rule made of it. */
export function SimulationView({ simulation }: { simulation: Simulation }) {
  const { outcome, reasons, analysis, rules } = simulation;
  const counting = rules.filter((rule) => rule.counts !== "nothing");
  const others = rules.filter((rule) => rule.counts === "nothing");
  return (
    <section className="card stack" aria-label="Result" aria-live="polite">
      <div className="row">
        <OutcomeBadge outcome={outcome} />
        {analysis !== null && (
          <span className="dim">
            It {analysis.effects.length === 0 ? "has no effect" : `may ${analysis.effects.join(", ")}`}
          </span>
        )}
      </div>
      <Reasons reasons={reasons} />
      {analysis !== null && analysis.unknowns.length > 0 && (
        <p className="dim">Not known: {analysis.unknowns.join("; ")}</p>
      )}
      <RuleTrials rules={counting} />
      {others.length > 0 && (
        <details className="entry-details">
          <summary>{others.length} rules have no say in this</summary>
          <RuleTrials rules={others} />
        </details>
      )}
    </section>
  );
}

function RuleTrials({ rules }: { rules: readonly RuleTrial[] }) {
  if (rules.length === 0) return null;
  return (
    <ul className="rules">
      {rules.map(({ rule, text, counts, answer }) => (
        <li key={rule}>
          <span>{sentence(text)}</span>
          <span className="row">
            <Badge color={colours[counts]} variant="light">
              {counts === "nothing" ? `no say (${answer})` : counts}
            </Badge>
            <code className="rule-id">{rule}</code>
          </span>
        </li>
      ))}
    </ul>
  );
}
