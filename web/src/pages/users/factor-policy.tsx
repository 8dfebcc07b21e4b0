import { Button, Checkbox, NativeSelect, NumberInput } from "@mantine/core";
import { queryOptions, useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { groupsQuery } from "../../api/queries.js";
import { read, write } from "../../api/request.js";
import { may, useMe } from "../../layout/use-me.js";
import { ProblemAlert } from "../../ui/problem-alert.js";
import { QueryView } from "../../ui/query-view.js";
import { useChange } from "../../ui/use-change.js";

interface FactorPolicyForm {
  readonly mode: "optional" | "required";
  readonly groups: readonly string[];
  readonly graceSeconds: number;
}

const day = 86_400;
const factorPolicyQuery = queryOptions({
  queryKey: ["factor-policy"],
  queryFn: ({ signal }) => read<FactorPolicyForm>("/settings/factors", { signal }),
});

/** Who must have a second factor. */
export function FactorPolicy() {
  const policy = useQuery(factorPolicyQuery);
  return <QueryView query={policy}>{(known) => <Form known={known} />}</QueryView>;
}

function Form({ known }: { known: FactorPolicyForm }) {
  const admin = may(useMe(), "factors.write");
  const groups = useQuery(groupsQuery);
  const [form, setForm] = useState(known);
  const set = (change: Partial<FactorPolicyForm>) => setForm({ ...form, ...change });
  const save = useChange({
    act: ({ mode, groups: chosen, graceSeconds }: FactorPolicyForm) =>
      write("PUT", "/settings/factors", { body: { mode, groups: chosen, graceSeconds } }),
    touches: [["factor-policy"], ["factors"], ["users"]],
    done: () => "Who must have a second factor is changed",
  });
  const required = form.mode === "required";
  return (
    <form
      className="form"
      onSubmit={(event) => {
        event.preventDefault();
        save.mutate(form);
      }}
    >
      <NativeSelect
        label="A second factor is"
        value={form.mode}
        disabled={!admin}
        onChange={(event) => set({ mode: event.currentTarget.value === "required" ? "required" : "optional" })}
        data={[
          { value: "optional", label: "up to each person" },
          { value: "required", label: "required" },
        ]}
      />
      {required && (
        <>
          <Checkbox.Group
            label="Of whom"
            description="Members of one of these; none chosen: everybody"
            value={[...form.groups]}
            onChange={(chosen) => set({ groups: chosen })}
          >
            <div className="choices">
              {(groups.data?.items ?? []).map(({ name }) => (
                <Checkbox key={name} value={name} label={name} disabled={!admin} />
              ))}
            </div>
          </Checkbox.Group>
          <NumberInput
            label="Days of grace"
            description="How long people may still sign in without one"
            min={0}
            max={90}
            allowDecimal={false}
            disabled={!admin}
            value={Math.round(form.graceSeconds / day)}
            onChange={(days) => set({ graceSeconds: Math.max(0, Number(days) || 0) * day })}
          />
        </>
      )}
      <ProblemAlert error={save.error ?? groups.error} />
      {admin && (
        <div className="form-actions">
          <Button type="submit" loading={save.isPending}>
            Save
          </Button>
        </div>
      )}
    </form>
  );
}
