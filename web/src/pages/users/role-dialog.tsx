import { Button, Checkbox, TextInput } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { permissionsQuery } from "../../api/queries.js";
import { write } from "../../api/request.js";
import type { Role } from "../../api/types.js";
import { may, useMe } from "../../layout/use-me.js";
import { Dialog } from "../../ui/dialog.js";
import { ProblemAlert } from "../../ui/problem-alert.js";
import { useChange } from "../../ui/use-change.js";

/** Makes a role, or changes the one that is given. What one does not have oneself is not offered. */
export function RoleDialog({ editing: role, onClose }: { editing: Role | null; onClose: () => void }) {
  const me = useMe();
  const known = useQuery(permissionsQuery);
  const [name, setName] = useState("");
  const [description, setDescription] = useState(role?.description ?? "");
  const [permissions, setPermissions] = useState<readonly string[]>(role?.permissions ?? []);
  const save = useChange({
    act: () =>
      role === null
        ? write("POST", "/roles", { body: { name: name.trim(), description: description.trim(), permissions } })
        : write("PATCH", `/roles/${encodeURIComponent(role.name)}`, {
            body: { description: description.trim(), permissions, version: role.version },
          }),
    touches: [["roles"], ["me"]],
    done: () => (role === null ? `${name.trim()} is made: give it to somebody` : `${role.name} is changed`),
  });
  return (
    <Dialog title={role === null ? "Add a role" : `Edit ${role.name}`} onClose={onClose} wide>
      <form
        className="form"
        onSubmit={(event) => {
          event.preventDefault();
          save.mutate(undefined, { onSuccess: onClose });
        }}
      >
        {role === null && (
          <TextInput
            label="Name"
            required
            autoFocus
            spellCheck={false}
            maxLength={64}
            value={name}
            onChange={(event) => setName(event.currentTarget.value)}
          />
        )}
        <TextInput
          label="Description"
          maxLength={500}
          value={description}
          onChange={(event) => setDescription(event.currentTarget.value)}
        />
        <Checkbox.Group
          label="Permissions"
          description="Those marked “by labels” can be limited to some connections when the role is given."
          value={[...permissions]}
          onChange={setPermissions}
        >
          <div className="permission-list">
            {(known.data?.items ?? []).map((one) => (
              <Checkbox
                key={one.name}
                value={one.name}
                disabled={!may(me, one.name)}
                label={one.byLabels ? `${one.name} · by labels` : one.name}
                description={one.text}
              />
            ))}
          </div>
        </Checkbox.Group>
        <ProblemAlert error={save.error ?? known.error} />
        <div className="form-actions">
          <Button variant="default" onClick={onClose}>
            Cancel
          </Button>
          <Button type="submit" loading={save.isPending}>
            {role === null ? "Add" : "Save"}
          </Button>
        </div>
      </form>
    </Dialog>
  );
}
