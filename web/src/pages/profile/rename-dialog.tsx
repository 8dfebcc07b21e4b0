import { Button, TextInput } from "@mantine/core";
import { useState } from "react";
import { write } from "../../api/request.js";
import type { Factor } from "../../api/types.js";
import { Dialog } from "../../ui/dialog.js";
import { ProblemAlert } from "../../ui/problem-alert.js";
import { useChange } from "../../ui/use-change.js";

export function RenameDialog({ factor, onClose }: { factor: Factor; onClose: () => void }) {
  const [name, setName] = useState(factor.name);
  const rename = useChange({
    act: () => write("PATCH", `/me/factors/${factor.id}`, { body: { name } }),
    touches: [["factors"]],
  });
  return (
    <Dialog title="Rename" onClose={onClose}>
      <form
        className="form"
        onSubmit={(event) => {
          event.preventDefault();
          rename.mutate(undefined, { onSuccess: onClose });
        }}
      >
        <TextInput
          label="Name"
          required
          autoFocus
          maxLength={60}
          value={name}
          onChange={(event) => setName(event.currentTarget.value)}
        />
        <ProblemAlert error={rename.error} />
        <div className="form-actions">
          <Button type="submit" loading={rename.isPending}>
            Save
          </Button>
        </div>
      </form>
    </Dialog>
  );
}
