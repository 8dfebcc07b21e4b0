import { Button, Checkbox, NativeSelect, TextInput } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { groupsQuery } from "../../api/queries.js";
import { write } from "../../api/request.js";
import { Dialog } from "../../ui/dialog.js";
import { ProblemAlert } from "../../ui/problem-alert.js";
import { useChange } from "../../ui/use-change.js";

export function AccountDialog({ onClose }: { onClose: () => void }) {
  const groups = useQuery(groupsQuery);
  const [name, setName] = useState("");
  const [kind, setKind] = useState("service");
  const [chosen, setChosen] = useState<readonly string[]>([]);
  const add = useChange({
    act: () => write("POST", "/service-accounts", { body: { name: name.trim(), kind, groups: chosen } }),
    touches: [["machines"], ["groups"], ["users"]],
    done: () => `${name.trim()} is added`,
  });
  return (
    <Dialog title="Add a service account" onClose={onClose}>
      <form
        className="form"
        onSubmit={(event) => {
          event.preventDefault();
          add.mutate(undefined, { onSuccess: onClose });
        }}
      >
        <div className="form-pair">
          <TextInput
            label="Name"
            required
            autoFocus
            autoComplete="off"
            spellCheck={false}
            value={name}
            onChange={(event) => setName(event.currentTarget.value)}
          />
          <NativeSelect
            label="Kind"
            value={kind}
            onChange={(event) => setKind(event.currentTarget.value)}
            data={[
              { value: "service", label: "a service account" },
              { value: "agent", label: "an AI agent" },
            ]}
          />
        </div>
        <Checkbox.Group label="Groups" value={[...chosen]} onChange={setChosen}>
          <div className="choices">
            {(groups.data?.items ?? []).map(({ name: group }) => (
              <Checkbox key={group} value={group} label={group} />
            ))}
          </div>
        </Checkbox.Group>
        <ProblemAlert error={add.error ?? groups.error} />
        <div className="form-actions">
          <Button variant="default" onClick={onClose}>
            Cancel
          </Button>
          <Button type="submit" loading={add.isPending}>
            Add
          </Button>
        </div>
      </form>
    </Dialog>
  );
}
