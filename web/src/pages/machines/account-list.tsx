import { Badge, Button } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { serviceAccountsQuery } from "../../api/machine-queries.js";
import { boundsText, type ServiceAccount, type ServiceKey } from "../../api/machine-types.js";
import { write } from "../../api/request.js";
import { may, useMe } from "../../layout/use-me.js";
import { ConfirmDialog } from "../../ui/confirm-dialog.js";
import { type Column, DataTable } from "../../ui/data-table.js";
import { EmptyState } from "../../ui/empty-state.js";
import { ProblemAlert } from "../../ui/problem-alert.js";
import { QueryView } from "../../ui/query-view.js";
import { RelativeTime } from "../../ui/relative-time.js";
import { useChange } from "../../ui/use-change.js";
import { KeyDialog } from "./key-dialog.js";

type Open =
  | { readonly what: "key" | "disable" | "remove"; readonly account: ServiceAccount }
  | { readonly what: "revoke"; readonly account: ServiceAccount; readonly key: ServiceKey };

const pathOf = ({ id }: ServiceAccount) => `/service-accounts/${encodeURIComponent(id)}`;

export function AccountList() {
  const admin = may(useMe(), "machines.write");
  const accounts = useQuery(serviceAccountsQuery);
  const [open, setOpen] = useState<Open | null>(null);
  const touches = [["machines"], ["sessions"]];
  const disable = useChange({
    act: (account: ServiceAccount) => write("PATCH", pathOf(account), { body: { disabled: !account.disabled } }),
    touches,
    done: ({ name, disabled }) => `${name} is ${disabled ? "enabled" : "disabled"}`,
  });
  const remove = useChange({
    act: (account: ServiceAccount) => write("DELETE", pathOf(account)),
    touches,
    done: ({ name }) => `${name} is removed`,
  });
  const revoke = useChange({
    act: ({ account, key }: { account: ServiceAccount; key: ServiceKey }) =>
      write("DELETE", `${pathOf(account)}/keys/${encodeURIComponent(key.id)}`),
    touches,
    done: ({ key }) => `${key.name} is revoked`,
  });
  const columns: readonly Column<ServiceAccount>[] = [
    {
      name: "Account",
      cell: ({ name, kind, disabled }) => (
        <span className="row">
          <strong>{name}</strong>
          {kind === "agent" && (
            <Badge color="gray" variant="light">
              AI agent
            </Badge>
          )}
          {disabled && (
            <Badge color="red" variant="light">
              disabled
            </Badge>
          )}
        </span>
      ),
    },
    { name: "Groups", cell: ({ groups }) => groups.join(", ") || "–" },
    {
      name: "Keys",
      cell: (account) => {
        const keys = account.keys.filter(({ state }) => state === "active");
        if (keys.length === 0) return "–";
        return (
          <div>
            {keys.map((key) => (
              <div key={key.id}>
                <strong>{key.name}</strong> <span className="mono dim">{key.hint}…</span> {boundsText(key.bounds)}, ends{" "}
                <RelativeTime at={key.expires} />
                {key.lastUsedAt === null ? (
                  <span className="dim">, never used</span>
                ) : (
                  <span className="dim">
                    , used <RelativeTime at={key.lastUsedAt} /> from {key.lastUsedFrom}
                  </span>
                )}{" "}
                {admin && (
                  <Button
                    size="compact-xs"
                    variant="subtle"
                    color="red"
                    onClick={() => setOpen({ what: "revoke", account, key })}
                  >
                    Revoke
                  </Button>
                )}
              </div>
            ))}
          </div>
        );
      },
    },
    {
      name: "Actions",
      actions: true,
      cell: (account) =>
        admin && (
          <span className="table-actions">
            <Button size="compact-sm" variant="default" onClick={() => setOpen({ what: "key", account })}>
              New key
            </Button>
            <Button
              size="compact-sm"
              variant="default"
              onClick={() => (account.disabled ? disable.mutate(account) : setOpen({ what: "disable", account }))}
            >
              {account.disabled ? "Enable" : "Disable"}
            </Button>
            <Button size="compact-sm" variant="subtle" color="red" onClick={() => setOpen({ what: "remove", account })}>
              Remove
            </Button>
          </span>
        ),
    },
  ];
  const close = () => setOpen(null);
  return (
    <>
      <ProblemAlert error={open === null ? disable.error : null} />
      <QueryView query={accounts}>
        {({ items }) =>
          items.length === 0 ? (
            <EmptyState title="No service accounts">
              <p>Add one for each pipeline or agent of AI: what it does then stands under its own name.</p>
            </EmptyState>
          ) : (
            <DataTable
              label="Service accounts"
              columns={columns}
              rows={items}
              keyOf={({ id }) => id}
              muted={({ disabled }) => disabled}
            />
          )
        }
      </QueryView>
      {open?.what === "key" && <KeyDialog account={open.account} onClose={close} />}
      {open?.what === "disable" && (
        <ConfirmDialog
          title={`Disable ${open.account.name}?`}
          text="Its keys and tokens are worth nothing, and what they opened ends within a second. Enabled again, its keys count again."
          verb="Disable"
          onConfirm={() => disable.mutateAsync(open.account)}
          onClose={close}
        />
      )}
      {open?.what === "remove" && (
        <ConfirmDialog
          title={`Remove ${open.account.name}?`}
          text="Its keys, trusts and delegations go with it, and all it has open ends. What was recorded of it stays."
          verb="Remove"
          onConfirm={() => remove.mutateAsync(open.account)}
          onClose={close}
        />
      )}
      {open?.what === "revoke" && (
        <ConfirmDialog
          title={`Revoke ${open.key.name} of ${open.account.name}?`}
          text="What it opened, and what was got with it, ends within a second."
          verb="Revoke"
          onConfirm={() => revoke.mutateAsync({ account: open.account, key: open.key })}
          onClose={close}
        />
      )}
    </>
  );
}
