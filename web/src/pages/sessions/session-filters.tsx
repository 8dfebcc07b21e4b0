import { Button, NativeSelect, TextInput } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { connectionsQuery, type SessionFilter } from "../../api/queries.js";
import { may, useMe } from "../../layout/use-me.js";

interface SessionFiltersProps {
  readonly filter: SessionFilter;
  readonly onChange: (change: Partial<SessionFilter>) => void;
}

/** By connection, and for auditors by user. */
export function SessionFilters({ filter, onChange }: SessionFiltersProps) {
  const auditor = may(useMe(), "sessions.read");
  const connections = useQuery(connectionsQuery);
  const [subject, setSubject] = useState(filter.subject);
  const names = (connections.data?.items ?? []).map((connection) => connection.name);
  // Of a connection that is gone, recordings stay.
  const known = filter.connection === "" || names.includes(filter.connection) ? names : [filter.connection, ...names];
  return (
    <form
      className="row"
      aria-label="Filter"
      onSubmit={(event) => {
        event.preventDefault();
        onChange({ subject: subject.trim() });
      }}
    >
      <NativeSelect
        aria-label="Connection"
        value={filter.connection}
        onChange={(event) => onChange({ connection: event.currentTarget.value })}
        data={[{ value: "", label: "Every connection" }, ...known]}
      />
      {auditor && (
        <TextInput
          aria-label="User"
          placeholder="Any user"
          value={subject}
          onChange={(event) => setSubject(event.currentTarget.value)}
          onBlur={() => subject.trim() !== filter.subject && onChange({ subject: subject.trim() })}
        />
      )}
      {(filter.subject !== "" || filter.connection !== "") && (
        <Button
          variant="subtle"
          color="gray"
          onClick={() => {
            setSubject("");
            onChange({ subject: "", connection: "" });
          }}
        >
          Show all
        </Button>
      )}
    </form>
  );
}
