import { Alert, Button, Checkbox, NativeSelect, TextInput } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { delegatesQuery } from "../../api/machine-queries.js";
import { boundsFrom } from "../../api/machine-types.js";
import { write } from "../../api/request.js";
import { Dialog } from "../../ui/dialog.js";
import { ProblemAlert } from "../../ui/problem-alert.js";
import { useChange } from "../../ui/use-change.js";

const lives = [
  { value: "3600", label: "an hour" },
  { value: "7200", label: "two hours" },
  { value: "28800", label: "eight hours" },
  { value: "86400", label: "a day" },
  { value: "604800", label: "a week" },
];

/** Consent: what is agreed to is said before it is given. */
export function DelegateDialog({ machine: given, onClose }: { machine: string; onClose: () => void }) {
  const machines = useQuery(delegatesQuery);
  const [machine, setMachine] = useState(given);
  const [life, setLife] = useState("7200");
  const [names, setNames] = useState("");
  const [readOnly, setReadOnly] = useState(true);
  const save = useChange({
    act: () =>
      write("POST", "/delegations", {
        body: { machine, expiresInSeconds: Number(life), bounds: boundsFrom(names, readOnly) },
      }),
    touches: [["machines"]],
    done: () => `${machine} may act for you`,
  });
  return (
    <Dialog title="Let a machine act for you" onClose={onClose}>
      <form
        className="form"
        onSubmit={(event) => {
          event.preventDefault();
          save.mutate(undefined, { onSuccess: onClose });
        }}
      >
        <div className="form-pair">
          <NativeSelect
            label="Machine"
            required
            value={machine}
            onChange={(event) => setMachine(event.currentTarget.value)}
            data={[
              { value: "", label: "choose one" },
              ...(machines.data?.items ?? []).map(({ name, kind }) => ({
                value: name,
                label: kind === "agent" ? `${name} (AI agent)` : name,
              })),
            ]}
          />
          <NativeSelect
            label="For"
            value={life}
            onChange={(event) => setLife(event.currentTarget.value)}
            data={lives}
          />
        </div>
        <TextInput
          label="Connections"
          description="Names, * stands for anything; empty: all that both of you may use"
          placeholder="pg-*"
          spellCheck={false}
          value={names}
          onChange={(event) => setNames(event.currentTarget.value)}
        />
        <Checkbox
          label="Reading only"
          checked={readOnly}
          onChange={(event) => setReadOnly(event.currentTarget.checked)}
        />
        <Alert color="yellow" title="What you agree to">
          {machine || "The machine"} gets into what both it and you may use, under both names. Budgets count for both;
          what is held is approved by neither of you; a second factor is asked of you. You can end it here at any time.
        </Alert>
        <ProblemAlert error={save.error ?? machines.error} />
        <div className="form-actions">
          <Button variant="default" onClick={onClose}>
            Cancel
          </Button>
          <Button type="submit" loading={save.isPending} disabled={machine === ""}>
            Agree
          </Button>
        </div>
      </form>
    </Dialog>
  );
}
