import { Badge, Button } from "@mantine/core";
import { useInfiniteQuery } from "@tanstack/react-query";
import { useState } from "react";
import { usersQuery } from "../../api/queries.js";
import { write } from "../../api/request.js";
import type { User } from "../../api/types.js";
import { may, useMe } from "../../layout/use-me.js";
import { ConfirmDialog } from "../../ui/confirm-dialog.js";
import { type Column, DataTable } from "../../ui/data-table.js";
import { LoadMore } from "../../ui/load-more.js";
import { ProblemAlert } from "../../ui/problem-alert.js";
import { QueryView } from "../../ui/query-view.js";
import { useChange } from "../../ui/use-change.js";
import { UserDialog } from "./user-dialog.js";

const kinds: Readonly<Record<User["kind"], string>> = { person: "person", service: "service", agent: "AI agent" };
const touches = [["users"], ["groups"], ["sessions"]] as const;
const pathOf = (user: User): string => `/users/${encodeURIComponent(user.id)}`;

export function UserList() {
  const me = useMe();
  const users = useInfiniteQuery(usersQuery);
  const [open, setOpen] = useState<{
    readonly what: "edit" | "remove" | "disable" | "factors";
    readonly user: User;
  } | null>(null);
  const disable = useChange({
    act: (user: User) => write("PATCH", pathOf(user), { body: { disabled: !user.disabled } }),
    touches,
    done: (user) => `${user.name} is ${user.disabled ? "enabled" : "disabled"}`,
  });
  const resetFactors = useChange({
    act: (user: User) => write("DELETE", `${pathOf(user)}/factors`),
    touches,
    done: (user) => `${user.name} has no second factor any more`,
  });
  const remove = useChange({
    act: (user: User) => write("DELETE", pathOf(user)),
    touches,
    done: (user) => `${user.name} is removed`,
  });
  const columns: readonly Column<User>[] = [
    {
      name: "User",
      cell: (user) => (
        <span className="row">
          <strong>{user.name}</strong>
          {user.kind !== "person" && (
            <Badge color="gray" variant="light">
              {kinds[user.kind]}
            </Badge>
          )}
          {user.disabled && (
            <Badge color="red" variant="light">
              disabled
            </Badge>
          )}
        </span>
      ),
    },
    { name: "E-mail", cell: ({ email }) => email ?? "–" },
    { name: "Groups", cell: ({ groups }) => groups.join(", ") || "–" },
    { name: "From", cell: ({ directory }) => directory ?? "here" },
    {
      name: "Actions",
      actions: true,
      cell: (user) =>
        may(me, "users.write") && (
          <span className="table-actions">
            <Button size="compact-sm" variant="default" onClick={() => setOpen({ what: "edit", user })}>
              Edit
            </Button>
            {user.id !== me.subject.id && (
              <>
                {user.kind === "person" && (
                  <Button size="compact-sm" variant="default" onClick={() => setOpen({ what: "factors", user })}>
                    Reset factors
                  </Button>
                )}
                <Button
                  size="compact-sm"
                  variant="default"
                  onClick={() => (user.disabled ? disable.mutate(user) : setOpen({ what: "disable", user }))}
                >
                  {user.disabled ? "Enable" : "Disable"}
                </Button>
                <Button
                  size="compact-sm"
                  variant="subtle"
                  color="red"
                  onClick={() => setOpen({ what: "remove", user })}
                >
                  Remove
                </Button>
              </>
            )}
          </span>
        ),
    },
  ];
  const close = () => setOpen(null);
  return (
    <>
      <ProblemAlert error={open === null ? disable.error : null} />
      <QueryView query={users}>
        {({ pages }) => (
          <>
            <DataTable
              label="Users"
              columns={columns}
              rows={pages.flatMap((page) => page.items)}
              keyOf={({ id }) => id}
              muted={({ disabled }) => disabled}
            />
            <LoadMore query={users} />
          </>
        )}
      </QueryView>
      {open?.what === "edit" && <UserDialog user={open.user} onClose={close} />}
      {open?.what === "disable" && (
        <ConfirmDialog
          title={`Disable ${open.user.name}?`}
          text="Every login and session of theirs ends within a second."
          verb="Disable"
          onConfirm={() => disable.mutateAsync(open.user)}
          onClose={close}
        />
      )}
      {open?.what === "factors" && (
        <ConfirmDialog
          title={`Take the second factors of ${open.user.name} away?`}
          text="Every login of theirs ends. Until they make a new one their password alone lets them in: be sure that it is they who ask."
          verb="Reset"
          onConfirm={() => resetFactors.mutateAsync(open.user)}
          onClose={close}
        />
      )}
      {open?.what === "remove" && (
        <ConfirmDialog
          title={`Remove ${open.user.name}?`}
          text="All they have open ends. What was recorded of them stays."
          verb="Remove"
          onConfirm={() => remove.mutateAsync(open.user)}
          onClose={close}
        />
      )}
    </>
  );
}
