import { Alert, Button, Checkbox, Textarea } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { policyQuery } from "../../api/queries.js";
import { write } from "../../api/request.js";
import type { Policy, PolicyPlan } from "../../api/types.js";
import { may, useMe } from "../../layout/use-me.js";
import { CodeBlock } from "../../ui/code-block.js";
import { CopyButton } from "../../ui/copy-button.js";
import { ProblemAlert } from "../../ui/problem-alert.js";
import { QueryView } from "../../ui/query-view.js";
import { useChange } from "../../ui/use-change.js";
import { PlanView } from "./plan-view.js";
import { ReplayView } from "./replay-view.js";

/** The documents as YAML; for admins, with a plan of what would change before it is applied. */
export function PolicyEditor() {
  const admin = may(useMe(), "policy.write");
  const policy = useQuery(policyQuery);
  return (
    <QueryView query={policy}>
      {(current) =>
        admin ? (
          <Editor current={current} />
        ) : (
          <div className="stack">
            <div className="row row-between">
              <span className="dim">Revision {current.revision}</span>
              <CopyButton text={current.yaml} label="Copy all documents" />
            </div>
            <CodeBlock label="Documents" className="code-tall">
              {current.yaml}
            </CodeBlock>
          </div>
        )
      }
    </QueryView>
  );
}

function Editor({ current }: { current: Policy }) {
  const [base, setBase] = useState(current);
  const [text, setText] = useState(current.yaml);
  const [prune, setPrune] = useState(true);
  const newer = current.revision > base.revision;
  const adopt = () => {
    setBase(current);
    setText(current.yaml);
  };
  // Somebody else's change never takes the text away from under the hands of who is writing.
  if (newer && text === base.yaml) adopt();
  const plan = useChange({
    act: () => write<PolicyPlan>("POST", "/policy/plan", { body: { text, prune } }),
    touches: [],
  });
  const apply = useChange({
    act: (planned: PolicyPlan) =>
      write<PolicyPlan>("POST", "/policy/apply", { body: { text, prune, revision: planned.revision } }),
    touches: [["policy"]],
    done: () => "The policy is applied; open sessions follow it at once",
  });
  const applyPlan = (planned: PolicyPlan) =>
    apply.mutate(planned, {
      onSuccess: ({ revision }) => {
        setBase({ ...current, revision, yaml: text });
        plan.reset();
      },
    });
  const change = (act: () => void) => {
    act();
    // A plan of something else must not be applied.
    plan.reset();
    apply.reset();
  };
  return (
    <div className="stack">
      {newer && (
        <Alert color="yellow" variant="light" title="The policy has changed since you began">
          What you have written is still here. Copy what you need, then start over from revision {current.revision}.
        </Alert>
      )}
      <Textarea
        className="form-text"
        aria-label="Policy documents (YAML)"
        rows={22}
        spellCheck={false}
        value={text}
        onChange={(event) => change(() => setText(event.currentTarget.value))}
      />
      <div className="row row-between">
        <Checkbox
          label="Remove documents that are not in the text"
          checked={prune}
          onChange={(event) => change(() => setPrune(event.currentTarget.checked))}
        />
        <div className="row">
          {text !== base.yaml && (
            <Button variant="subtle" color="gray" onClick={() => change(adopt)}>
              Start over
            </Button>
          )}
          <Button loading={plan.isPending} onClick={() => plan.mutate(undefined)}>
            Plan
          </Button>
        </div>
      </div>
      <ProblemAlert error={plan.error} />
      {text !== base.yaml && <ReplayView key={text} text={text} prune={prune} />}
      {plan.data && (
        <PlanView plan={plan.data} busy={apply.isPending} error={apply.error} onApply={() => applyPlan(plan.data)} />
      )}
    </div>
  );
}
