import { Button, NativeSelect, TextInput } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { groupsQuery, rolesQuery } from "../../api/queries.js";
import { write } from "../../api/request.js";
import { Dialog } from "../../ui/dialog.js";
import { ProblemAlert } from "../../ui/problem-alert.js";
import { useChange } from "../../ui/use-change.js";

/** Gives a role to a group or a user, everywhere or on some connections. */
export function GrantDialog({ onClose }: { onClose: () => void }) {
  const roles = useQuery(rolesQuery);
  const groups = useQuery(groupsQuery);
  const [form, setForm] = useState({ role: "", kind: "group", group: "", user: "", labels: "" });
  const set = (change: Partial<typeof form>) => setForm({ ...form, ...change });
  const give = useChange({
    act: () =>
      write("POST", "/role-bindings", {
        body: {
          role: form.role,
          ...(form.kind === "group" ? { group: form.group } : { user: form.user.trim() }),
          scope: scopeOf(form.labels),
        },
      }),
    touches: [["roles"], ["groups"], ["me"]],
    done: () => `${form.kind === "group" ? form.group : form.user.trim()} has ${form.role}`,
  });
  return (
    <Dialog title="Give a role" onClose={onClose}>
      <form
        className="form"
        onSubmit={(event) => {
          event.preventDefault();
          give.mutate(undefined, { onSuccess: onClose });
        }}
      >
        <NativeSelect
          label="Role"
          required
          value={form.role}
          onChange={(event) => set({ role: event.currentTarget.value })}
          data={["", ...(roles.data?.items ?? []).map(({ name }) => name)]}
        />
        <div className="form-pair">
          <NativeSelect
            label="To"
            value={form.kind}
            onChange={(event) => set({ kind: event.currentTarget.value })}
            data={[
              { value: "group", label: "a group" },
              { value: "user", label: "a user" },
            ]}
          />
          {form.kind === "group" ? (
            <NativeSelect
              label="Group"
              required
              value={form.group}
              onChange={(event) => set({ group: event.currentTarget.value })}
              data={["", ...(groups.data?.items ?? []).map(({ name }) => name)]}
            />
          ) : (
            <TextInput
              label="User"
              required
              spellCheck={false}
              value={form.user}
              onChange={(event) => set({ user: event.currentTarget.value })}
            />
          )}
        </div>
        <TextInput
          label="On connections with these labels"
          description="Empty: everywhere. Several: team=payments,env=dev|staging"
          placeholder="team=payments"
          spellCheck={false}
          value={form.labels}
          onChange={(event) => set({ labels: event.currentTarget.value })}
        />
        <ProblemAlert error={give.error ?? roles.error ?? groups.error} />
        <div className="form-actions">
          <Button variant="default" onClick={onClose}>
            Cancel
          </Button>
          <Button type="submit" loading={give.isPending}>
            Give
          </Button>
        </div>
      </form>
    </Dialog>
  );
}

/** As the API takes it; what is not written as labels the gateway refuses, rather than taking it for everywhere. */
function scopeOf(text: string): Record<string, string[]> | null {
  if (text.trim() === "") return null;
  return Object.fromEntries(
    text.split(",").map((term): [string, string[]] => {
      const at = term.indexOf("=");
      return [
        term.slice(0, Math.max(0, at)).trim(),
        term
          .slice(at + 1)
          .split("|")
          .map((value) => value.trim()),
      ];
    }),
  );
}
