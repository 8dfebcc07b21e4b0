import { Button, Tabs } from "@mantine/core";
import { getRouteApi, useNavigate } from "@tanstack/react-router";
import { useState } from "react";
import { useMe } from "../../layout/use-me.js";
import type { MachineView } from "../../router.js";
import { Page } from "../../ui/page.js";
import { AccountDialog } from "./account-dialog.js";
import { AccountList } from "./account-list.js";
import { DelegateDialog } from "./delegate-dialog.js";
import { DelegationList } from "./delegation-list.js";
import { TrustList } from "./trust-list.js";

const route = getRouteApi("/signed-in/shell/machines");

/** Who acts for whom, service accounts and their keys, and whose workload tokens are taken. */
export function MachinesPage() {
  const { view = "delegations", delegate } = route.useSearch();
  const me = useMe();
  const navigate = useNavigate();
  const [adding, setAdding] = useState(false);
  const close = () => {
    setAdding(false);
    if (delegate !== undefined) void navigate({ to: "/machines", search: {}, replace: true });
  };
  const words =
    view === "accounts"
      ? me.admin
        ? "Add a service account"
        : null
      : view === "delegations"
        ? "Let a machine act for you"
        : null;
  return (
    <Page
      title="Machines"
      intro="Pipelines and agents of AI act under names of their own. One that acts for you may do what both of you may, and the audit shows both."
      actions={words !== null && <Button onClick={() => setAdding(true)}>{words}</Button>}
    >
      {me.auditor && (
        <Tabs
          value={view}
          onChange={(next) =>
            void navigate({ to: "/machines", search: next === "delegations" ? {} : { view: next as MachineView } })
          }
        >
          <Tabs.List>
            <Tabs.Tab value="delegations">Acting for people</Tabs.Tab>
            <Tabs.Tab value="accounts">Service accounts</Tabs.Tab>
            <Tabs.Tab value="federation">Workload tokens</Tabs.Tab>
          </Tabs.List>
        </Tabs>
      )}
      {view === "delegations" && <DelegationList />}
      {view === "accounts" && <AccountList />}
      {view === "federation" && <TrustList />}
      {adding && view === "accounts" && <AccountDialog onClose={close} />}
      {((adding && view === "delegations") || delegate !== undefined) && (
        <DelegateDialog machine={delegate ?? ""} onClose={close} />
      )}
    </Page>
  );
}
