import { Button, TextInput } from "@mantine/core";
import { Link } from "@tanstack/react-router";
import { useState } from "react";
import type { SessionFilter } from "../../api/queries.js";
import { read } from "../../api/request.js";
import { EmptyState } from "../../ui/empty-state.js";
import { ProblemAlert } from "../../ui/problem-alert.js";
import { RelativeTime } from "../../ui/relative-time.js";

interface Hit {
  readonly session: string;
  readonly name: string;
  readonly connection: string;
  readonly startedAt: string;
  readonly terminal: number;
  readonly at: number;
  readonly line: string;
}

interface Found {
  readonly items: readonly Hit[];
  readonly next: string | null;
}

/** Finds what stood on terminals' screens; for who may open recordings. */
export function ScreenSearch({ filter }: { filter: SessionFilter }) {
  const [text, setText] = useState("");
  const [found, setFound] = useState<Found | null>(null);
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState<unknown>(null);
  async function search(after: string | null): Promise<void> {
    setBusy(true);
    setError(null);
    try {
      const query = new URLSearchParams({ text });
      if (filter.subject !== "") query.set("subject", filter.subject);
      if (filter.connection !== "") query.set("connection", filter.connection);
      if (after !== null) query.set("after", after);
      const page = await read<Found>(`/sessions/search?${query}`);
      setFound((before) => ({ ...page, items: [...(after === null ? [] : (before?.items ?? [])), ...page.items] }));
    } catch (failed) {
      setError(failed);
    } finally {
      setBusy(false);
    }
  }
  return (
    <>
      <form
        className="row"
        aria-label="Search screens"
        onSubmit={(event) => {
          event.preventDefault();
          void search(null);
        }}
      >
        <TextInput
          aria-label="Text on a screen"
          placeholder="Text that stood on a screen"
          minLength={2}
          maxLength={200}
          required
          value={text}
          onChange={(event) => setText(event.currentTarget.value)}
        />
        <Button type="submit" loading={busy}>
          Search
        </Button>
        <span className="dim small">That you search, and for what, is recorded.</span>
      </form>
      <ProblemAlert error={error} />
      {found !== null && found.items.length === 0 && found.next === null && (
        <EmptyState title="Nothing like it stood on a recorded screen" />
      )}
      <ul className="hits" aria-label="Found">
        {found?.items.map((hit) => (
          <li key={`${hit.session} ${hit.terminal} ${hit.at} ${hit.line}`}>
            <Link className="text-link strong" to="/sessions/$session" params={{ session: hit.session }}>
              {hit.name} on {hit.connection}
            </Link>{" "}
            <span className="dim small">
              <RelativeTime at={hit.startedAt} />, {Math.round(hit.at)} s in
            </span>
            <pre className="statement">{hit.line}</pre>
          </li>
        ))}
      </ul>
      {found?.next != null && (
        <Button variant="light" loading={busy} onClick={() => void search(found.next)}>
          Look through older ones
        </Button>
      )}
    </>
  );
}
