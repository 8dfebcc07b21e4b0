import { Button } from "@mantine/core";
import { useNavigate } from "@tanstack/react-router";
import { useState } from "react";
import { write } from "../../api/request.js";
import type { DryStep, Run, Runbook } from "../../api/runbook-queries.js";
import { ProblemAlert } from "../../ui/problem-alert.js";
import { useChange } from "../../ui/use-change.js";
import { DryRunView } from "./dry-run-view.js";
import { type FieldValue, ParameterField } from "./parameter-field.js";

/** The form that a runbook's parameters make; a look at what it would do, and the run itself. */
export function RunForm({ runbook }: { runbook: Runbook }) {
  const navigate = useNavigate();
  const [values, setValues] = useState<Readonly<Record<string, FieldValue>>>(() =>
    Object.fromEntries(runbook.form.map((one) => [one.name, one.default ?? (one.type === "boolean" ? false : "")])),
  );
  // The same form sent twice by a bad line is one run.
  const [key, setKey] = useState(() => crypto.randomUUID());
  const path = `/runbooks/${encodeURIComponent(runbook.name)}`;
  const parameters = () => Object.fromEntries(Object.entries(values).filter(([, value]) => value !== ""));
  const dry = useChange({
    act: () => write<{ items: readonly DryStep[] }>("POST", `${path}/dry-run`, { body: { parameters: parameters() } }),
    touches: [],
  });
  const start = useChange({
    act: () => write<Run>("POST", `${path}/runs`, { body: { parameters: parameters(), key } }),
    touches: [["runs"]],
  });
  const started = ({ id }: Run): void => {
    setKey(crypto.randomUUID());
    void navigate({ to: "/runs/$run", params: { run: id } });
  };
  return (
    <form
      className="form"
      onSubmit={(event) => {
        event.preventDefault();
        start.mutate(undefined, { onSuccess: started });
      }}
    >
      {runbook.form.map((parameter) => (
        <ParameterField
          key={parameter.name}
          parameter={parameter}
          value={values[parameter.name] ?? ""}
          onChange={(value) => setValues((before) => ({ ...before, [parameter.name]: value }))}
        />
      ))}
      <div className="row">
        <Button type="submit" loading={start.isPending} disabled={!runbook.mayRun}>
          {runbook.review ? "Ask to run" : "Run"}
        </Button>
        <Button
          variant="default"
          type="button"
          loading={dry.isPending}
          disabled={!runbook.mayRun}
          onClick={() => dry.mutate(undefined)}
        >
          What would it do?
        </Button>
      </div>
      <ProblemAlert error={start.error ?? dry.error} />
      {dry.data !== undefined && <DryRunView steps={dry.data.items} />}
    </form>
  );
}
