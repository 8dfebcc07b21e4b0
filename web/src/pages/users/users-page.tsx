import { Button, Tabs } from "@mantine/core";
import { getRouteApi, useNavigate } from "@tanstack/react-router";
import { useState } from "react";
import { may, useMe } from "../../layout/use-me.js";
import type { UserView } from "../../router.js";
import { Page } from "../../ui/page.js";
import { DirectoryList } from "./directory-list.js";
import { FactorPolicy } from "./factor-policy.js";
import { GrantDialog } from "./grant-dialog.js";
import { GroupDialog } from "./group-dialog.js";
import { GroupList } from "./group-list.js";
import { RoleDialog } from "./role-dialog.js";
import { RoleList } from "./role-list.js";
import { UserDialog } from "./user-dialog.js";
import { UserList } from "./user-list.js";

const route = getRouteApi("/signed-in/shell/users");

export function UsersPage() {
  const { view } = route.useSearch();
  const me = useMe();
  const navigate = useNavigate();
  const [adding, setAdding] = useState(false);
  const [granting, setGranting] = useState(false);
  const tab = view ?? "users";
  const close = () => setAdding(false);
  const adds = { users: "users.write", groups: "groups.write", roles: "roles.write", directories: null, factors: null }[
    tab
  ];
  return (
    <Page
      title="Users & groups"
      intro="Rules match on groups, roles are bound to them; everything that is done stands under a user's own name."
      actions={
        adds !== null &&
        may(me, adds) && (
          <>
            {tab === "roles" && (
              <Button variant="default" onClick={() => setGranting(true)}>
                Give a role
              </Button>
            )}
            <Button onClick={() => setAdding(true)}>Add a {tab.slice(0, -1)}</Button>
          </>
        )
      }
    >
      <Tabs
        value={tab}
        onChange={(next) =>
          void navigate({ to: "/users", search: next === null || next === "users" ? {} : { view: next as UserView } })
        }
      >
        <Tabs.List>
          <Tabs.Tab value="users">Users</Tabs.Tab>
          <Tabs.Tab value="groups">Groups</Tabs.Tab>
          {may(me, "roles.read") && <Tabs.Tab value="roles">Roles</Tabs.Tab>}
          {may(me, "directory.read") && <Tabs.Tab value="directories">Directories</Tabs.Tab>}
          <Tabs.Tab value="factors">Second factor</Tabs.Tab>
        </Tabs.List>
      </Tabs>
      {tab === "users" && <UserList />}
      {tab === "groups" && <GroupList />}
      {tab === "roles" && <RoleList />}
      {tab === "directories" && <DirectoryList />}
      {tab === "factors" && <FactorPolicy />}
      {adding && tab === "users" && <UserDialog user={null} onClose={close} />}
      {adding && tab === "groups" && <GroupDialog onClose={close} />}
      {adding && tab === "roles" && <RoleDialog editing={null} onClose={close} />}
      {granting && <GrantDialog onClose={() => setGranting(false)} />}
    </Page>
  );
}
