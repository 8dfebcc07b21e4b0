import { Button, NativeSelect } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { write } from "../../api/request.js";
import { may, useMe } from "../../layout/use-me.js";
import { ConfirmDialog } from "../../ui/confirm-dialog.js";
import { countText } from "../../ui/counts.js";
import { EmptyState } from "../../ui/empty-state.js";
import { OutcomeBadge } from "../../ui/outcome-badge.js";
import { QueryView } from "../../ui/query-view.js";
import { RelativeTime } from "../../ui/relative-time.js";
import { sentence } from "../../ui/sentence.js";
import { useChange } from "../../ui/use-change.js";
import { type ShadowedRule, shadowsQuery } from "./policy-queries.js";

const spans = [
  { value: "24", label: "The last day" },
  { value: "168", label: "The last week" },
  { value: "720", label: "The last 30 days" },
] as const;

/** Rules in shadow mode: whom they would have hit, and the button that makes them count. */
export function ShadowRules() {
  const admin = may(useMe(), "policy.write");
  const [hours, setHours] = useState("168");
  const [asking, setAsking] = useState<string | null>(null);
  const shadows = useQuery(shadowsQuery(Number(hours)));
  const enforce = useChange({
    act: (rule: string) => write("POST", `/policy/rules/${encodeURIComponent(rule)}/enforce`, { body: {} }),
    touches: [["policy"]],
    done: (rule) => `${rule} is enforced from now on`,
  });
  return (
    <div className="stack">
      <NativeSelect
        aria-label="How far back"
        data={[...spans]}
        value={hours}
        onChange={(event) => setHours(event.currentTarget.value)}
      />
      <QueryView query={shadows}>
        {({ items, watching }) => {
          const quiet = watching
            .filter((rule) => !items.some((item) => item.rule === rule))
            .map((rule): ShadowedRule => ({ rule, count: 0, because: "", hits: [] }));
          const rules = [...items, ...quiet];
          if (rules.length === 0)
            return (
              <EmptyState title="No rule only watches">
                <p>Write mode: shadow into a rule to see whom it would hit before it counts.</p>
              </EmptyState>
            );
          return rules.map((rule) => (
            <Shadowed
              key={rule.rule}
              shadowed={rule}
              onEnforce={admin && watching.includes(rule.rule) ? () => setAsking(rule.rule) : null}
            />
          ));
        }}
      </QueryView>
      {asking !== null && (
        <ConfirmDialog
          title={`Enforce ${asking}?`}
          text="From now on it counts, in open sessions too. The policy's tests are run first."
          verb="Enforce"
          onConfirm={() => enforce.mutateAsync(asking)}
          onClose={() => setAsking(null)}
        />
      )}
    </div>
  );
}

function Shadowed({ shadowed, onEnforce }: { shadowed: ShadowedRule; onEnforce: (() => void) | null }) {
  const { rule, count, because, hits } = shadowed;
  return (
    <section className="card stack" aria-label={rule}>
      <div className="row row-between">
        <h2 className="section-title">
          <code className="mono">{rule}</code>
        </h2>
        {onEnforce !== null && (
          <Button color="red" variant="light" onClick={onEnforce}>
            Enforce
          </Button>
        )}
      </div>
      <p className="dim">
        {count === 0
          ? "It would have hit no statement."
          : `${countText(count, "statement")}, for example: ${sentence(because)}`}
      </p>
      {hits.map((hit) => (
        <details key={`${hit.subject} ${hit.connection} ${hit.outcome}`} className="entry-details">
          <summary>
            {hit.count}× {hit.subject} at {hit.connection} <OutcomeBadge outcome={hit.outcome} />{" "}
            <RelativeTime at={hit.last} />
          </summary>
          <ul className="rules">
            {hit.shapes.map(({ shape, count: times, statement }) => (
              <li key={statement}>
                <code className="mono">{shape}</code>
                <span className="dim">{times}×</span>
              </li>
            ))}
          </ul>
        </details>
      ))}
    </section>
  );
}
