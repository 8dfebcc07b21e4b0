import { Button, NativeSelect, TextInput } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { connectionsQuery } from "../../api/queries.js";
import { useMe } from "../../layout/use-me.js";
import { OutcomeBadge } from "../../ui/outcome-badge.js";
import { QueryView } from "../../ui/query-view.js";
import { sentence } from "../../ui/sentence.js";
import { type ExplainedAccess, explainedQuery } from "./policy-queries.js";

/** What somebody may do on a connection, and because of which rules. */
export function ExplainAccess() {
  const me = useMe();
  const connections = useQuery(connectionsQuery);
  const names = (connections.data?.items ?? []).map((one) => one.name);
  const [subject, setSubject] = useState(me.subject.name);
  const [chosen, setConnection] = useState("");
  const [asked, setAsked] = useState<{ subject: string; connection: string } | null>(null);
  const connection = chosen || (names[0] ?? "");
  return (
    <div className="stack">
      <form
        className="card form"
        onSubmit={(event) => {
          event.preventDefault();
          setAsked({ subject: subject.trim(), connection });
        }}
      >
        <div className="form-pair">
          <TextInput
            label="User"
            required
            spellCheck={false}
            value={subject}
            onChange={(event) => setSubject(event.currentTarget.value)}
          />
          <NativeSelect
            label="Connection"
            required
            data={names}
            value={connection}
            onChange={(event) => setConnection(event.currentTarget.value)}
          />
        </div>
        <div className="form-actions">
          <Button type="submit" disabled={connection === ""}>
            What may they do?
          </Button>
        </div>
      </form>
      {asked && <Answer subject={asked.subject} connection={asked.connection} />}
    </div>
  );
}

function Answer({ subject, connection }: { subject: string; connection: string }) {
  const explained = useQuery(explainedQuery(subject, connection));
  return <QueryView query={explained}>{(found) => <Story explained={found} />}</QueryView>;
}

const sections: readonly (readonly [title: string, kinds: readonly string[]])[] = [
  ["Statements may do what one of these covers alone", ["access", "grant"]],
  ["Whatever these allow", ["guard"]],
  ["Of what is let through, this much", ["budget"]],
  ["Of what comes back, this is masked", ["mask"]],
  ["This may be asked for", ["request"]],
];

function Story({ explained: { subject, connection, connect, rules } }: { explained: ExplainedAccess }) {
  const enforced = rules.filter(({ mode }) => mode === "enforce");
  const watching = rules.filter(({ mode }) => mode === "shadow");
  return (
    <section className="card stack" aria-label="What they may do" aria-live="polite">
      <div className="row">
        <OutcomeBadge outcome={connect.outcome} />
        <span>
          {subject} opening {connection}
        </span>
      </div>
      {connect.reasons.map((reason) => (
        <p key={reason} className="dim">
          {sentence(reason)}
        </p>
      ))}
      {sections.map(([title, kinds]) => (
        <RuleList key={title} title={title} rules={enforced.filter(({ kind }) => kinds.includes(kind))} />
      ))}
      <RuleList title="These only watch" rules={watching} />
    </section>
  );
}

function RuleList({ title, rules }: { title: string; rules: ExplainedAccess["rules"] }) {
  if (rules.length === 0) return null;
  return (
    <div>
      <h2 className="section-title">{title}</h2>
      <ul className="rules">
        {rules.map(({ rule, text }) => (
          <li key={rule}>
            <span>{text}</span>
            <code className="rule-id">{rule}</code>
          </li>
        ))}
      </ul>
    </div>
  );
}
