import { useQuery } from "@tanstack/react-query";
import { explainQuery, policyQuery } from "../../api/queries.js";
import type { Explained, Policy } from "../../api/types.js";
import { EmptyState } from "../../ui/empty-state.js";
import { QueryView } from "../../ui/query-view.js";
import { sentence } from "../../ui/sentence.js";

const sections = [
  { kind: "access", title: "What is allowed" },
  { kind: "guard", title: "What is refused, held or challenged all the same" },
  { kind: "budget", title: "How much" },
  { kind: "mask", title: "What is masked" },
  { kind: "request", title: "What may be asked for" },
  { kind: null, title: "Others" },
] as const;

/** Every rule in force, as a sentence. */
export function Rules() {
  const explained = useQuery(explainQuery);
  const policy = useQuery(policyQuery);
  return (
    <QueryView query={explained}>
      {({ items }) => {
        if (items.length === 0)
          return (
            <EmptyState title="There are no rules">
              <p>So nothing is allowed. Write some under Edit, or with hoop apply -f policy.yaml.</p>
            </EmptyState>
          );
        const kinds = kindsOf(policy.data?.documents ?? []);
        return sections.map(({ kind, title }) => (
          <RuleSection
            key={title}
            title={title}
            items={items.filter(({ rule }) => (kinds.get(rule) ?? null) === kind)}
          />
        ));
      }}
    </QueryView>
  );
}

/** By name, the kinds that have a section of their own. */
function kindsOf(documents: Policy["documents"]): ReadonlyMap<string, string> {
  const known = new Set<unknown>(sections.map(({ kind }) => kind));
  return new Map(documents.filter(({ kind }) => known.has(kind)).map(({ kind, metadata }) => [metadata.name, kind]));
}

function RuleSection({ title, items }: { title: string; items: Explained["items"] }) {
  if (items.length === 0) return null;
  return (
    <section className="card">
      <h2 className="section-title">{title}</h2>
      <ul className="rules">
        {items.map(({ rule, text }) => (
          <li key={rule}>
            <span>{sentence(text)}</span>
            <code className="rule-id">{rule}</code>
          </li>
        ))}
      </ul>
    </section>
  );
}
