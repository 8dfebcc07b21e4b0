import { Alert, Button, NativeSelect, TextInput } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { tunnelQuery } from "../../api/queries.js";
import { write } from "../../api/request.js";
import type { JoinToken } from "../../api/types.js";
import { Command } from "../../ui/command.js";
import { Dialog } from "../../ui/dialog.js";
import { ProblemAlert } from "../../ui/problem-alert.js";
import { RelativeTime } from "../../ui/relative-time.js";
import { useChange } from "../../ui/use-change.js";

const lives = [
  { value: "3600", label: "an hour" },
  { value: "86400", label: "a day" },
  { value: "604800", label: "a week" },
];

/** A token with which one agent joins, and the command to type where it shall run. */
export function JoinDialog({ onClose }: { onClose: () => void }) {
  const [agent, setAgent] = useState("");
  const [life, setLife] = useState("3600");
  const [allow, setAllow] = useState("");
  const make = useChange({
    act: () =>
      write<JoinToken>("POST", "/agents/join-tokens", { body: { agent: agent.trim(), lifeSeconds: Number(life) } }),
    touches: [["agents"]],
  });
  if (make.data !== undefined) {
    return (
      <Dialog title={`Join ${make.data.agent}`} onClose={onClose} wide>
        <Joining token={make.data} allow={allow} onClose={onClose} />
      </Dialog>
    );
  }
  return (
    <Dialog title="Add an agent" onClose={onClose}>
      <form
        className="form"
        onSubmit={(event) => {
          event.preventDefault();
          make.mutate(undefined);
        }}
      >
        <TextInput
          label="Name"
          placeholder="site-a"
          required
          autoFocus
          maxLength={63}
          spellCheck={false}
          value={agent}
          onChange={(event) => setAgent(event.currentTarget.value)}
        />
        <TextInput
          label="What it may dial"
          description="Separated by blanks; it dials nothing else, whatever the gateway says"
          placeholder="db.internal:5432 10.0.0.0/8:5432"
          required
          spellCheck={false}
          value={allow}
          onChange={(event) => setAllow(event.currentTarget.value)}
        />
        <NativeSelect
          label="The token is good for"
          data={lives}
          value={life}
          onChange={(event) => setLife(event.currentTarget.value)}
        />
        <ProblemAlert error={make.error} />
        <div className="form-actions">
          <Button variant="default" onClick={onClose}>
            Cancel
          </Button>
          <Button type="submit" loading={make.isPending}>
            Make a join token
          </Button>
        </div>
      </form>
    </Dialog>
  );
}

function Joining({ token, allow, onClose }: { token: JoinToken; allow: string; onClose: () => void }) {
  const tunnel = useQuery(tunnelQuery);
  const gateway = tunnel.data?.url ?? "https://GATEWAY:PORT";
  const rules = allow.split(/\s+/).filter((rule) => rule !== "");
  const command = [
    `hoop agent --gateway ${gateway}`,
    `--join ${token.token}`,
    ...rules.map((rule) => `--allow ${quoted(rule)}`),
  ];
  return (
    <div className="stack">
      <p className="dialog-text">Type this where the agent shall run. The token works once, and is shown only now.</p>
      <Command text={command.join(" ")} label="Copy the command" />
      <Alert color="yellow" variant="light">
        Whoever has the token can join as {token.agent} until it is used. It expires <RelativeTime at={token.expires} />
        .
      </Alert>
      <div className="form-actions">
        <Button onClick={onClose}>Done</Button>
      </div>
    </div>
  );
}

/** Stars and brackets mean something to a shell. */
function quoted(word: string): string {
  return /^[\w.:/-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`;
}
