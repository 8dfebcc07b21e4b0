import { Badge, Button, Text } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { type Provider, type ProviderKind, providersQuery } from "../../api/provider-queries.js";
import { write } from "../../api/request.js";
import { may, useMe } from "../../layout/use-me.js";
import { Command } from "../../ui/command.js";
import { ConfirmDialog } from "../../ui/confirm-dialog.js";
import { type Column, DataTable } from "../../ui/data-table.js";
import { Dialog } from "../../ui/dialog.js";
import { EmptyState } from "../../ui/empty-state.js";
import { Page } from "../../ui/page.js";
import { ProblemAlert } from "../../ui/problem-alert.js";
import { QueryView } from "../../ui/query-view.js";
import { useChange } from "../../ui/use-change.js";
import { ProviderDialog } from "./provider-dialog.js";

const kindNames: Readonly<Record<ProviderKind, string>> = { oidc: "OpenID Connect", saml: "SAML", ldap: "LDAP" };

export function ProvidersPage() {
  const admin = may(useMe(), "providers.write");
  const providers = useQuery(providersQuery);
  const [editing, setEditing] = useState<Provider | "new" | null>(null);
  const [removing, setRemoving] = useState<Provider | null>(null);
  const [showing, setShowing] = useState<Provider | null>(null);
  const remove = useChange({
    act: ({ name }: Provider) => write("DELETE", `/providers/${encodeURIComponent(name)}`),
    touches: [["providers"], ["sign-in-ways"]],
    done: ({ name }) => `${name} is removed`,
  });
  const columns: readonly Column<Provider>[] = [
    { name: "Provider", cell: ({ name }) => <strong>{name}</strong> },
    { name: "Title", cell: ({ settings }) => settings.title },
    { name: "Kind", cell: ({ settings }) => kindNames[settings.kind] },
    {
      name: "State",
      cell: ({ settings }) => (
        <Badge color={settings.enabled ? "green" : "gray"} variant="light">
          {settings.enabled ? "on" : "off"}
        </Badge>
      ),
    },
    { name: "Set up in", cell: ({ source }) => (source === "store" ? "the console" : "the gateway's settings") },
    {
      name: "Actions",
      actions: true,
      cell: (provider) => (
        <>
          <Button size="compact-sm" variant="subtle" onClick={() => setShowing(provider)}>
            Addresses
          </Button>
          {admin && provider.source === "store" && (
            <>
              <Button size="compact-sm" variant="subtle" onClick={() => setEditing(provider)}>
                Change
              </Button>
              <Button size="compact-sm" variant="subtle" color="red" onClick={() => setRemoving(provider)}>
                Remove
              </Button>
            </>
          )}
        </>
      ),
    },
  ];
  return (
    <Page
      title="Sign-in"
      intro="People sign in where their company knows them. Whoever comes is a user of their own here, never one by the same name or address."
      actions={admin && <Button onClick={() => setEditing("new")}>Add a provider</Button>}
    >
      <QueryView query={providers}>
        {({ items }) =>
          items.length === 0 ? (
            <EmptyState title="No sign-in providers">
              <p>People sign in by a password that Hoop itself keeps, until there is one.</p>
            </EmptyState>
          ) : (
            <DataTable
              label="Sign-in providers"
              columns={columns}
              rows={items}
              keyOf={({ name }) => name}
              muted={({ settings }) => !settings.enabled}
            />
          )
        }
      </QueryView>
      {editing !== null && (
        <ProviderDialog provider={editing === "new" ? null : editing} onClose={() => setEditing(null)} />
      )}
      {showing !== null && <Addresses provider={showing} onClose={() => setShowing(null)} />}
      {removing !== null && (
        <ConfirmDialog
          title={`Remove ${removing.name}?`}
          text="Every login that came from it ends, and its people are linked to nobody. Their users stay."
          verb="Remove"
          onConfirm={() => remove.mutateAsync(removing)}
          onClose={() => setRemoving(null)}
        />
      )}
    </Page>
  );
}

/** What the provider has to know of this gateway, and whether it answers. */
function Addresses({ provider, onClose }: { provider: Provider; onClose: () => void }) {
  const test = useChange({
    act: () =>
      write<{ notes: readonly string[] }>("POST", `/providers/${encodeURIComponent(provider.name)}/test`, {
        body: {},
        timeout: 60_000,
      }),
    touches: [],
  });
  const whole = (uri: string) => new URL(uri, location.origin).href;
  return (
    <Dialog title={provider.name} onClose={onClose} wide>
      <div className="form">
        {provider.redirectUri !== null && (
          <Address
            label={provider.settings.kind === "saml" ? "Answers are posted to" : "Redirect address"}
            uri={whole(provider.redirectUri)}
          />
        )}
        {provider.logoutUri !== null && <Address label="Back-channel logout" uri={whole(provider.logoutUri)} />}
        {provider.metadataUri !== null && (
          <Address label="Metadata, and our name there" uri={whole(provider.metadataUri)} />
        )}
        {test.data?.notes.map((note) => (
          <Text key={note} size="sm" role="status">
            {note}
          </Text>
        ))}
        <ProblemAlert error={test.error} />
        <div className="form-actions">
          <Button variant="default" onClick={onClose}>
            Close
          </Button>
          <Button loading={test.isPending} onClick={() => test.mutate(undefined)}>
            Ask it
          </Button>
        </div>
      </div>
    </Dialog>
  );
}

function Address({ label, uri }: { label: string; uri: string }) {
  return (
    <div>
      <Text size="sm" fw={500}>
        {label}
      </Text>
      <Command text={uri} />
    </div>
  );
}
