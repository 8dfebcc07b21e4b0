import { Button, TextInput } from "@mantine/core";
import { useState } from "react";
import { write } from "../../api/request.js";
import { Dialog } from "../../ui/dialog.js";
import { ProblemAlert } from "../../ui/problem-alert.js";
import { useChange } from "../../ui/use-change.js";

export function GroupDialog({ onClose }: { onClose: () => void }) {
  const [name, setName] = useState("");
  const [description, setDescription] = useState("");
  const add = useChange({
    act: () => write("POST", "/groups", { body: { name: name.trim(), description: description.trim() } }),
    touches: [["groups"]],
    done: () => `${name.trim()} is added`,
  });
  return (
    <Dialog title="Add a group" onClose={onClose}>
      <form
        className="form"
        onSubmit={(event) => {
          event.preventDefault();
          add.mutate(undefined, { onSuccess: onClose });
        }}
      >
        <TextInput
          label="Name"
          required
          autoFocus
          spellCheck={false}
          maxLength={64}
          value={name}
          onChange={(event) => setName(event.currentTarget.value)}
        />
        <TextInput
          label="Description"
          maxLength={500}
          value={description}
          onChange={(event) => setDescription(event.currentTarget.value)}
        />
        <ProblemAlert error={add.error} />
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
