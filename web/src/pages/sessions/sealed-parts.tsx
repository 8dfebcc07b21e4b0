import { Button, NativeSelect, TextInput } from "@mantine/core";
import { useState } from "react";
import { write } from "../../api/request.js";
import { CodeBlock } from "../../ui/code-block.js";
import { ConfirmDialog } from "../../ui/confirm-dialog.js";
import { VisibleText } from "../../ui/visible-text.js";
import type { StatementItem } from "./timeline.js";

interface Revealed {
  readonly part: "text" | "values" | "error";
  readonly text: string | null;
  readonly values: readonly (string | null)[] | null;
  readonly cut: boolean;
}

const names = { text: "the text as it was sent", values: "the bind values", error: "the error text" } as const;

/** What of a statement lies sealed: an auditor opens it with a reason, and that is recorded first. */
export function SealedParts({ session, item }: { session: string; item: StatementItem }) {
  const parts = [
    ...item.sealed.map((part) => ({ part, seq: item.seq })),
    ...(item.finished?.errorSeq == null ? [] : [{ part: "error" as const, seq: item.finished.errorSeq }]),
  ];
  const [asking, setAsking] = useState(false);
  const [chosen, setChosen] = useState<Revealed["part"]>(parts[0]?.part ?? "text");
  const [because, setBecause] = useState("");
  const [revealed, setRevealed] = useState<Revealed | null>(null);
  if (parts.length === 0) return null;
  const wanted = parts.find(({ part }) => part === chosen) ?? parts[0]!;
  return (
    <>
      {revealed !== null && <Shown revealed={revealed} />}
      <div className="row">
        <Button size="compact-sm" variant="subtle" onClick={() => setAsking(true)}>
          Open what is sealed
        </Button>
      </div>
      {asking && (
        <ConfirmDialog
          title="Open what is sealed?"
          text="That you looked, and your reason, are in the audit before it is opened."
          verb="Open"
          onConfirm={async () => {
            setRevealed(
              await write<Revealed>("POST", `/sessions/${encodeURIComponent(session)}/entries/${wanted.seq}/reveal`, {
                body: { part: wanted.part, because: because.trim() },
              }),
            );
          }}
          onClose={() => setAsking(false)}
        >
          {parts.length > 1 && (
            <NativeSelect
              label="What"
              value={wanted.part}
              onChange={(event) =>
                setChosen(parts.find(({ part }) => part === event.currentTarget.value)?.part ?? "text")
              }
              data={parts.map(({ part }) => ({ value: part, label: names[part] }))}
            />
          )}
          <TextInput
            label="Reason"
            required
            autoFocus
            autoComplete="off"
            maxLength={1_000}
            value={because}
            onChange={(event) => setBecause(event.currentTarget.value)}
          />
        </ConfirmDialog>
      )}
    </>
  );
}

function Shown({ revealed: { part, text, values, cut } }: { revealed: Revealed }) {
  return (
    <CodeBlock label={names[part]}>
      {values === null ? (
        <VisibleText text={text ?? ""} />
      ) : (
        <VisibleText text={values.map((value, i) => `$${i + 1} = ${value ?? "NULL"}`).join("\n")} />
      )}
      {cut && "\n…"}
    </CodeBlock>
  );
}
