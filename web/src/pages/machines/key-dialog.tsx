import { Alert, Button, Checkbox, NativeSelect, TextInput } from "@mantine/core";
import { useState } from "react";
import { boundsFrom, type ServiceAccount } from "../../api/machine-types.js";
import { write } from "../../api/request.js";
import { Command } from "../../ui/command.js";
import { Dialog } from "../../ui/dialog.js";
import { ProblemAlert } from "../../ui/problem-alert.js";
import { useChange } from "../../ui/use-change.js";

const day = 86_400;
const lives = [
  { value: String(7 * day), label: "a week" },
  { value: String(30 * day), label: "30 days" },
  { value: String(90 * day), label: "90 days" },
  { value: String(365 * day), label: "a year" },
];

/** Makes a key and shows it once. */
export function KeyDialog({ account, onClose }: { account: ServiceAccount; onClose: () => void }) {
  const [name, setName] = useState("");
  const [life, setLife] = useState(String(90 * day));
  const [names, setNames] = useState("");
  const [sources, setSources] = useState("");
  const [readOnly, setReadOnly] = useState(false);
  const make = useChange({
    act: () =>
      write<{ readonly key: string }>("POST", `/service-accounts/${encodeURIComponent(account.id)}/keys`, {
        body: {
          name: name.trim(),
          expiresInSeconds: Number(life),
          bounds: boundsFrom(names, readOnly),
          sources: sources.split(/[\s,]+/).filter((source) => source !== ""),
        },
      }),
    touches: [["machines"]],
  });
  if (make.data !== undefined)
    return (
      <Dialog title={`Key ${name.trim()} of ${account.name}`} onClose={onClose} wide>
        <Alert color="yellow" title="Shown once">
          Put it where the program finds it: as HOOP_KEY, or in a file named by HOOP_KEY_FILE.
        </Alert>
        <Command text={make.data.key} label="Copy the key" />
        <div className="form-actions">
          <Button onClick={onClose}>I have it</Button>
        </div>
      </Dialog>
    );
  return (
    <Dialog title={`New key of ${account.name}`} onClose={onClose}>
      <form
        className="form"
        onSubmit={(event) => {
          event.preventDefault();
          make.mutate(undefined);
        }}
      >
        <div className="form-pair">
          <TextInput
            label="Name"
            required
            autoFocus
            spellCheck={false}
            placeholder="github"
            value={name}
            onChange={(event) => setName(event.currentTarget.value)}
          />
          <NativeSelect
            label="Lasts"
            value={life}
            onChange={(event) => setLife(event.currentTarget.value)}
            data={lives}
          />
        </div>
        <TextInput
          label="Connections"
          description="Names, * stands for anything; empty: all that the account may use"
          placeholder="pg-*"
          spellCheck={false}
          value={names}
          onChange={(event) => setNames(event.currentTarget.value)}
        />
        <TextInput
          label="Only from"
          description="Addresses and networks; empty: from anywhere"
          placeholder="10.1.0.0/16"
          spellCheck={false}
          value={sources}
          onChange={(event) => setSources(event.currentTarget.value)}
        />
        <Checkbox
          label="Reading only"
          checked={readOnly}
          onChange={(event) => setReadOnly(event.currentTarget.checked)}
        />
        <ProblemAlert error={make.error} />
        <div className="form-actions">
          <Button variant="default" onClick={onClose}>
            Cancel
          </Button>
          <Button type="submit" loading={make.isPending}>
            Make it
          </Button>
        </div>
      </form>
    </Dialog>
  );
}
