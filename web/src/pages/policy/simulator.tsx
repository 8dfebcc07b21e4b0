import { Button, NativeSelect, Textarea, TextInput } from "@mantine/core";
import { useMutation, useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { connectionsQuery } from "../../api/queries.js";
import { write } from "../../api/request.js";
import type { Simulation } from "../../api/types.js";
import { useMe } from "../../layout/use-me.js";
import { ProblemAlert } from "../../ui/problem-alert.js";
import { SimulationView } from "./simulation-view.js";

/** What would happen if somebody asked for something. Runs nothing. */
export function Simulator() {
  const me = useMe();
  const connections = useQuery(connectionsQuery);
  const names = (connections.data?.items ?? []).map((one) => one.name);
  const [subject, setSubject] = useState(me.subject.name);
  const [chosen, setConnection] = useState("");
  const [statement, setStatement] = useState("");
  const connection = chosen || (names[0] ?? "");
  const simulate = useMutation({
    mutationFn: () =>
      write<Simulation>("POST", "/policy/simulate", {
        body: { subject: subject.trim(), connection, ...(statement.trim() === "" ? {} : { statement }) },
      }),
  });
  return (
    <div className="stack">
      <form
        className="card form"
        onSubmit={(event) => {
          event.preventDefault();
          simulate.mutate();
        }}
      >
        <div className="form-pair">
          <TextInput
            label="User"
            required
            spellCheck={false}
            value={subject}
            onChange={(event) => setSubject(event.currentTarget.value)}
          />
          <NativeSelect
            label="Connection"
            required
            data={names}
            value={connection}
            onChange={(event) => setConnection(event.currentTarget.value)}
          />
        </div>
        <Textarea
          className="form-text"
          label="Statement"
          description="Empty: only opening the connection"
          placeholder="select email from customers"
          rows={4}
          spellCheck={false}
          value={statement}
          onChange={(event) => setStatement(event.currentTarget.value)}
        />
        <div className="form-actions">
          <Button type="submit" loading={simulate.isPending} disabled={connection === ""}>
            What would happen?
          </Button>
        </div>
      </form>
      <ProblemAlert error={simulate.error} />
      {simulate.data && <SimulationView simulation={simulate.data} />}
    </div>
  );
}
