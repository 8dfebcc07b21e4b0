import { Button, Checkbox, NativeSelect, PasswordInput, TextInput } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { groupsQuery } from "../../api/queries.js";
import { write } from "../../api/request.js";
import type { SubjectKind, User } from "../../api/types.js";
import { Dialog } from "../../ui/dialog.js";
import { ProblemAlert } from "../../ui/problem-alert.js";
import { useChange } from "../../ui/use-change.js";

interface UserForm {
  readonly name: string;
  readonly kind: SubjectKind;
  readonly email: string;
  readonly groups: readonly string[];
  readonly password: string;
}

/** Adds a user, or changes the one that is given. */
export function UserDialog({ user, onClose }: { user: User | null; onClose: () => void }) {
  const groups = useQuery(groupsQuery);
  const [form, setForm] = useState<UserForm>({
    name: user?.name ?? "",
    kind: user?.kind ?? "person",
    email: user?.email ?? "",
    groups: user?.groups ?? [],
    password: "",
  });
  const set = (change: Partial<UserForm>) => setForm({ ...form, ...change });
  const save = useChange({
    act: (wanted: UserForm) => {
      const password = wanted.password === "" ? {} : { password: wanted.password };
      const shared = { email: wanted.email.trim() || null, groups: wanted.groups, ...password };
      return user === null
        ? write("POST", "/users", { body: { name: wanted.name.trim(), kind: wanted.kind, ...shared } })
        : write("PATCH", `/users/${encodeURIComponent(user.id)}`, { body: shared });
    },
    touches: [["users"], ["groups"], ["me"]],
    done: ({ name }) => `${name} is ${user === null ? "added" : "changed"}`,
  });
  return (
    <Dialog title={user === null ? "Add a user" : `Edit ${user.name}`} onClose={onClose}>
      <form
        className="form"
        onSubmit={(event) => {
          event.preventDefault();
          save.mutate(form, { onSuccess: onClose });
        }}
      >
        {user === null && (
          <div className="form-pair">
            <TextInput
              label="Name"
              required
              autoFocus
              autoComplete="off"
              spellCheck={false}
              value={form.name}
              onChange={(event) => set({ name: event.currentTarget.value })}
            />
            <NativeSelect
              label="Kind"
              value={form.kind}
              onChange={(event) => set({ kind: event.currentTarget.value as SubjectKind })}
              data={[
                { value: "person", label: "a person" },
                { value: "service", label: "a service account" },
                { value: "agent", label: "an AI agent" },
              ]}
            />
          </div>
        )}
        <TextInput
          label="E-mail"
          type="email"
          autoComplete="off"
          value={form.email}
          onChange={(event) => set({ email: event.currentTarget.value })}
        />
        <Checkbox.Group label="Groups" value={[...form.groups]} onChange={(chosen) => set({ groups: chosen })}>
          <div className="choices">
            {(groups.data?.items ?? []).map(({ name }) => (
              <Checkbox key={name} value={name} label={name} />
            ))}
          </div>
        </Checkbox.Group>
        <PasswordInput
          label="Password"
          description={
            user === null ? "Empty: they cannot sign in with one" : "Empty: it stays. A new one ends their logins"
          }
          autoComplete="new-password"
          value={form.password}
          onChange={(event) => set({ password: event.currentTarget.value })}
        />
        <ProblemAlert error={save.error ?? groups.error} />
        <div className="form-actions">
          <Button variant="default" onClick={onClose}>
            Cancel
          </Button>
          <Button type="submit" loading={save.isPending}>
            {user === null ? "Add" : "Save"}
          </Button>
        </div>
      </form>
    </Dialog>
  );
}
