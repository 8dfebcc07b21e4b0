import { Button, NativeSelect, PasswordInput, Switch, Textarea, TextInput } from "@mantine/core";
import { useState } from "react";
import type { Provider, ProviderKind } from "../../api/provider-queries.js";
import { write } from "../../api/request.js";
import { Dialog } from "../../ui/dialog.js";
import { ProblemAlert } from "../../ui/problem-alert.js";
import { useChange } from "../../ui/use-change.js";
import { type Draft, draftOf, fields, secretLabel, settingsOf } from "./provider-draft.js";

const kinds: readonly { value: ProviderKind; label: string }[] = [
  { value: "oidc", label: "OpenID Connect" },
  { value: "saml", label: "SAML" },
  { value: "ldap", label: "LDAP or Active Directory" },
];

/** Adds a provider, or changes one: its usual settings by name, the others as JSON. */
export function ProviderDialog({ provider, onClose }: { provider: Provider | null; onClose: () => void }) {
  const [draft, setDraft] = useState<Draft>(() => draftOf(provider));
  const set = (change: Partial<Draft>) => setDraft((before) => ({ ...before, ...change }));
  const save = useChange({
    act: async () =>
      write("PUT", `/providers/${encodeURIComponent(draft.name.trim())}`, {
        body: { settings: settingsOf(draft), ...(draft.secret === "" ? {} : { secret: draft.secret }) },
      }),
    touches: [["providers"], ["sign-in-ways"]],
    done: () => `${draft.name.trim()} is ${provider === null ? "added" : "changed"}`,
  });
  const readMetadata = useChange({
    act: async (xml: string) => write<Record<string, unknown>>("POST", "/providers/saml-metadata", { body: { xml } }),
    touches: [],
  });
  const secret = secretLabel[draft.kind];
  return (
    <Dialog title={provider === null ? "Add a sign-in provider" : `Change ${provider.name}`} onClose={onClose} wide>
      <form
        className="form"
        onSubmit={(event) => {
          event.preventDefault();
          save.mutate(undefined, { onSuccess: onClose });
        }}
      >
        {provider === null && (
          <>
            <TextInput
              label="Name"
              description="In addresses and rules; it stays"
              placeholder="okta"
              required
              autoFocus
              maxLength={32}
              spellCheck={false}
              value={draft.name}
              onChange={(event) => set({ name: event.currentTarget.value })}
            />
            <NativeSelect
              label="Kind"
              data={[...kinds]}
              value={draft.kind}
              onChange={(event) => set({ kind: event.currentTarget.value as ProviderKind, values: {} })}
            />
          </>
        )}
        <TextInput
          label="Title"
          description="What the button says"
          required
          maxLength={80}
          value={draft.title}
          onChange={(event) => set({ title: event.currentTarget.value })}
        />
        {draft.kind === "saml" && (
          <Textarea
            label="Metadata"
            description="Paste the provider's XML: it fills the fields below"
            rows={2}
            spellCheck={false}
            onChange={(event) => {
              const xml = event.currentTarget.value;
              if (!xml.includes("<")) return;
              readMetadata.mutate(xml, {
                onSuccess: ({ entityId, signInUrl, certificates }) =>
                  set({
                    values: { ...draft.values, entityId: String(entityId), signInUrl: String(signInUrl) },
                    rest: JSON.stringify({ certificates }, null, 2),
                  }),
              });
            }}
          />
        )}
        {fields[draft.kind].map(({ setting, ...field }) => (
          <TextInput
            key={setting}
            {...field}
            spellCheck={false}
            maxLength={1000}
            value={draft.values[setting] ?? ""}
            onChange={(event) => set({ values: { ...draft.values, [setting]: event.currentTarget.value } })}
          />
        ))}
        {secret !== null && (
          <PasswordInput
            label={secret}
            {...(provider?.hasSecret ? { description: "Left empty, it stays" } : {})}
            required={provider?.hasSecret !== true && draft.kind === "ldap"}
            autoComplete="off"
            value={draft.secret}
            onChange={(event) => set({ secret: event.currentTarget.value })}
          />
        )}
        <Textarea
          label="Groups"
          description="One a line: their group = our group; * stands for anything"
          placeholder={"Engineering = engineers\nhoop-* = *"}
          autosize
          minRows={2}
          spellCheck={false}
          value={draft.groups}
          onChange={(event) => set({ groups: event.currentTarget.value })}
        />
        <Textarea
          label="Other settings"
          description="JSON, as the reference names them"
          autosize
          minRows={2}
          maxRows={10}
          spellCheck={false}
          classNames={{ input: "mono" }}
          value={draft.rest}
          onChange={(event) => set({ rest: event.currentTarget.value })}
        />
        <Switch
          label="People may sign in by it"
          description="Switched off, every login that came from it ends"
          checked={draft.enabled}
          onChange={(event) => set({ enabled: event.currentTarget.checked })}
        />
        <ProblemAlert error={save.error ?? readMetadata.error} />
        <div className="form-actions">
          <Button variant="default" onClick={onClose}>
            Cancel
          </Button>
          <Button type="submit" loading={save.isPending}>
            {provider === null ? "Add" : "Save"}
          </Button>
        </div>
      </form>
    </Dialog>
  );
}
