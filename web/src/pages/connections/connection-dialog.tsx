import { Button, Checkbox, NativeSelect, PasswordInput, Textarea, TextInput } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { agentsQuery } from "../../api/queries.js";
import { write } from "../../api/request.js";
import { type Connection, type TlsMode, tlsModes } from "../../api/types.js";
import { Dialog } from "../../ui/dialog.js";
import { ProblemAlert } from "../../ui/problem-alert.js";
import { useChange } from "../../ui/use-change.js";
import { type ConnectionForm, draftFrom, formOf, verifies } from "./connection-draft.js";

const tlsWords: Readonly<Record<TlsMode, string>> = {
  disable: "disable: never",
  prefer: "prefer: if the server can",
  require: "require: encrypted, not verified",
  "verify-ca": "verify-ca: the authority is verified",
  "verify-full": "verify-full: authority and name are verified",
};

/** Adds a connection, or changes the one that is given. */
export function ConnectionDialog({ connection, onClose }: { connection: Connection | null; onClose: () => void }) {
  const agents = useQuery(agentsQuery);
  const [form, setForm] = useState(() => formOf(connection));
  const set = (change: Partial<ConnectionForm>) => setForm({ ...form, ...change });
  const save = useChange({
    act: (wanted: ConnectionForm) => {
      const body = draftFrom(wanted, connection);
      if (connection === null) return write("POST", "/connections", { body });
      // Only what this form was filled from: somebody else's change in between is not overwritten.
      const headers = { "if-match": `"${connection.version}"` };
      return write("PATCH", `/connections/${encodeURIComponent(connection.name)}`, { body, headers });
    },
    touches: [["connections"]],
    done: ({ name }) => `${name} is ${connection === null ? "added" : "changed"}`,
  });
  const text = (key: "name" | "host" | "port" | "user" | "database" | "secret" | "serverName" | "ca" | "labels") => ({
    value: form[key],
    onChange: (event: { currentTarget: { value: string } }) => set({ [key]: event.currentTarget.value }),
  });
  const names = (agents.data?.items ?? []).filter((one) => one.state !== "revoked").map((one) => one.name);
  const choices = form.agent === "" || names.includes(form.agent) ? names : [form.agent, ...names];

  return (
    <Dialog title={connection === null ? "Add a connection" : `Edit ${connection.name}`} onClose={onClose}>
      <form
        className="form"
        onSubmit={(event) => {
          event.preventDefault();
          save.mutate(form, { onSuccess: onClose });
        }}
      >
        <div className="form-pair">
          <TextInput
            label="Name"
            description={`People type ${form.name.trim() || "name"}.hoop`}
            placeholder="pg-prod"
            required
            autoFocus
            spellCheck={false}
            {...text("name")}
          />
          <TextInput label="Protocol" description="What it speaks" value={form.protocol} readOnly />
        </div>
        <div className="form-pair">
          <TextInput label="Host" placeholder="db.internal" required spellCheck={false} {...text("host")} />
          <TextInput label="Port" placeholder="5432" inputMode="numeric" pattern="[0-9]{1,5}" {...text("port")} />
        </div>
        <NativeSelect
          label="Dialled by"
          description="An agent inside the private network, or the gateway itself"
          value={form.agent}
          onChange={(event) => set({ agent: event.currentTarget.value })}
          data={[
            { value: "", label: "the gateway" },
            ...choices.map((name) => ({ value: name, label: `agent ${name}` })),
          ]}
        />
        <div className="form-pair">
          <TextInput label="User" description="Hoop logs in as this one" spellCheck={false} {...text("user")} />
          <TextInput label="Database" description="When a client names none" spellCheck={false} {...text("database")} />
        </div>
        <PasswordInput
          label="Password"
          description={connection === null ? "Sealed, never shown again" : "Leave it empty to keep the stored one"}
          autoComplete="off"
          disabled={form.removeSecret}
          {...text("secret")}
        />
        {connection !== null && (
          <Checkbox
            label="Forget the stored password"
            checked={form.removeSecret}
            onChange={(event) => set({ removeSecret: event.currentTarget.checked, secret: "" })}
          />
        )}
        <NativeSelect
          label="TLS to the target"
          value={form.tlsMode}
          onChange={(event) => set({ tlsMode: event.currentTarget.value as TlsMode })}
          data={tlsModes.map((mode) => ({ value: mode, label: tlsWords[mode] }))}
        />
        {verifies(form.tlsMode) && (
          <>
            <TextInput label="Name in its certificate" placeholder="as the host" {...text("serverName")} />
            <Textarea
              className="form-text"
              label="Authority (PEM)"
              description="Empty: those that the system trusts"
              rows={4}
              spellCheck={false}
              {...text("ca")}
            />
          </>
        )}
        <Textarea
          className="form-text"
          label="Labels"
          description="key=value, one a line; rules match on them"
          placeholder="env=prod"
          rows={2}
          spellCheck={false}
          {...text("labels")}
        />
        {form.agent !== "" && !verifies(form.tlsMode) && (
          <Checkbox
            label="The agent may see the password"
            description="Only needed where the target asks for it in the clear or as md5 without verified TLS"
            checked={form.exposes}
            onChange={(event) => set({ exposes: event.currentTarget.checked })}
          />
        )}
        <ProblemAlert error={save.error} />
        <div className="form-actions">
          <Button variant="default" onClick={onClose}>
            Cancel
          </Button>
          <Button type="submit" loading={save.isPending}>
            {connection === null ? "Add" : "Save"}
          </Button>
        </div>
      </form>
    </Dialog>
  );
}
