import { Badge, Button } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { bindingsQuery, rolesQuery } from "../../api/queries.js";
import { write } from "../../api/request.js";
import type { Role, RoleBinding } from "../../api/types.js";
import { may, useMe } from "../../layout/use-me.js";
import { ConfirmDialog } from "../../ui/confirm-dialog.js";
import { type Column, DataTable } from "../../ui/data-table.js";
import { QueryView } from "../../ui/query-view.js";
import { useChange } from "../../ui/use-change.js";
import { RoleDialog } from "./role-dialog.js";

const touches = [["roles"], ["groups"], ["me"]] as const;
const holderOf = ({ group, user }: RoleBinding): string => (group === null ? (user?.name ?? "") : `group ${group}`);

type Open =
  | { readonly what: "edit" | "remove"; readonly role: Role }
  | { readonly what: "revoke"; readonly binding: RoleBinding };

/** Roles, and who has them where. */
export function RoleList() {
  const writes = may(useMe(), "roles.write");
  const roles = useQuery(rolesQuery);
  const bindings = useQuery(bindingsQuery);
  const [open, setOpen] = useState<Open | null>(null);
  const remove = useChange({
    act: (role: Role) => write("DELETE", `/roles/${encodeURIComponent(role.name)}`),
    touches,
    done: (role) => `${role.name} is removed`,
  });
  const revoke = useChange({
    act: (binding: RoleBinding) => write("DELETE", `/role-bindings/${binding.id}`),
    touches,
    done: (binding) => `${holderOf(binding)} has ${binding.role} no more`,
  });
  const ofRoles: readonly Column<Role>[] = [
    {
      name: "Role",
      cell: ({ name, builtIn }) => (
        <span className="row">
          <strong>{name}</strong>
          {builtIn && (
            <Badge color="gray" variant="light">
              built in
            </Badge>
          )}
        </span>
      ),
    },
    { name: "Description", cell: ({ description }) => description || "–" },
    { name: "Permissions", cell: (role) => summaryOf(role) },
    {
      name: "Actions",
      actions: true,
      cell: (role) =>
        writes &&
        !role.builtIn && (
          <span className="table-actions">
            <Button size="compact-sm" variant="default" onClick={() => setOpen({ what: "edit", role })}>
              Edit
            </Button>
            <Button size="compact-sm" variant="subtle" color="red" onClick={() => setOpen({ what: "remove", role })}>
              Remove
            </Button>
          </span>
        ),
    },
  ];
  const ofBindings: readonly Column<RoleBinding>[] = [
    { name: "Who", cell: (binding) => <strong>{holderOf(binding)}</strong> },
    { name: "Has", cell: ({ role }) => role },
    { name: "On", cell: ({ scopeText }) => scopeText },
    { name: "Given by", cell: ({ createdBy }) => createdBy },
    {
      name: "Actions",
      actions: true,
      cell: (binding) =>
        writes && (
          <Button size="compact-sm" variant="subtle" color="red" onClick={() => setOpen({ what: "revoke", binding })}>
            Take away
          </Button>
        ),
    },
  ];
  const close = () => setOpen(null);
  return (
    <>
      <QueryView query={roles}>
        {({ items }) => <DataTable label="Roles" columns={ofRoles} rows={items} keyOf={({ name }) => name} />}
      </QueryView>
      <h2 className="section-title">Who has them</h2>
      <QueryView query={bindings}>
        {({ items }) => <DataTable label="Who has roles" columns={ofBindings} rows={items} keyOf={({ id }) => id} />}
      </QueryView>
      {open?.what === "edit" && <RoleDialog editing={open.role} onClose={close} />}
      {open?.what === "remove" && (
        <ConfirmDialog
          title={`Remove ${open.role.name}?`}
          text="Everybody who has it loses it at once."
          verb="Remove"
          onConfirm={() => remove.mutateAsync(open.role)}
          onClose={close}
        />
      )}
      {open?.what === "revoke" && (
        <ConfirmDialog
          title={`Take ${open.binding.role} from ${holderOf(open.binding)}?`}
          text="It counts at once, also for who is signed in."
          verb="Take away"
          onConfirm={() => revoke.mutateAsync(open.binding)}
          onClose={close}
        />
      )}
    </>
  );
}

/** A few by name; many by their number. */
function summaryOf({ permissions, builtIn, name }: Role): string {
  if (builtIn && name === "admin") return "all";
  if (permissions.length === 0) return "none";
  return permissions.length > 4
    ? `${permissions.slice(0, 3).join(", ")} and ${permissions.length - 3} more`
    : permissions.join(", ");
}
