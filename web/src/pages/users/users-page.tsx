import { Button, Tabs } from "@mantine/core";
import { getRouteApi, useNavigate } from "@tanstack/react-router";
import { useState } from "react";
import { useMe } from "../../layout/use-me.js";
import { Page } from "../../ui/page.js";
import { GroupDialog } from "./group-dialog.js";
import { GroupList } from "./group-list.js";
import { UserDialog } from "./user-dialog.js";
import { UserList } from "./user-list.js";

const route = getRouteApi("/signed-in/shell/users");

export function UsersPage() {
  const { view } = route.useSearch();
  const { admin } = useMe();
  const navigate = useNavigate();
  const [adding, setAdding] = useState(false);
  const groups = view === "groups";
  return (
    <Page
      title="Users & groups"
      intro="Rules match on groups; everything that is done stands under a user's own name."
      actions={admin && <Button onClick={() => setAdding(true)}>{groups ? "Add a group" : "Add a user"}</Button>}
    >
      <Tabs
        value={groups ? "groups" : "users"}
        onChange={(next) => void navigate({ to: "/users", search: next === "groups" ? { view: "groups" } : {} })}
      >
        <Tabs.List>
          <Tabs.Tab value="users">Users</Tabs.Tab>
          <Tabs.Tab value="groups">Groups</Tabs.Tab>
        </Tabs.List>
      </Tabs>
      {groups ? <GroupList /> : <UserList />}
      {adding && !groups && <UserDialog user={null} onClose={() => setAdding(false)} />}
      {adding && groups && <GroupDialog onClose={() => setAdding(false)} />}
    </Page>
  );
}
