import { Button, NativeSelect, Textarea, TextInput } from "@mantine/core";
import { useNavigate } from "@tanstack/react-router";
import { useState } from "react";
import { write } from "../../api/request.js";
import type { ReviewSummary } from "../../api/review-types.js";
import { Dialog } from "../../ui/dialog.js";
import { ProblemAlert } from "../../ui/problem-alert.js";
import { useChange } from "../../ui/use-change.js";

const forms = [
  { value: "", label: "as the rules say" },
  { value: "text", label: "a text" },
  { value: "card", label: "a card number" },
  { value: "integer", label: "an integer" },
];

/** Asks for the value behind one token. */
export function RevealDialog({ onClose }: { onClose: () => void }) {
  const navigate = useNavigate();
  const [token, setToken] = useState("");
  const [purpose, setPurpose] = useState("");
  const [column, setColumn] = useState("");
  const [form, setForm] = useState("");
  const [because, setBecause] = useState("");
  const ask = useChange({
    act: () =>
      write<ReviewSummary>("POST", "/reveals", {
        body: {
          token: token.trim(),
          purpose: purpose.trim(),
          column: column.trim() || null,
          as: form || null,
          because: because.trim(),
        },
      }),
    touches: [["reviews"]],
  });
  return (
    <Dialog title="Ask for the value behind a token" onClose={onClose}>
      <form
        className="form"
        onSubmit={(event) => {
          event.preventDefault();
          ask.mutate(undefined, {
            onSuccess: ({ id }) => void navigate({ to: "/reviews/$review", params: { review: id } }),
          });
        }}
      >
        <TextInput
          label="Token"
          description="As the masked result shows it"
          required
          autoFocus
          autoComplete="off"
          maxLength={1_024}
          value={token}
          onChange={(event) => setToken(event.currentTarget.value)}
        />
        <div className="form-pair">
          <TextInput
            label="Purpose"
            required
            autoComplete="off"
            maxLength={63}
            value={purpose}
            onChange={(event) => setPurpose(event.currentTarget.value)}
          />
          <NativeSelect
            label="Made of"
            value={form}
            onChange={(event) => setForm(event.currentTarget.value)}
            data={forms}
          />
        </div>
        <TextInput
          label="Column"
          description="Where you saw it: public.customers.card"
          autoComplete="off"
          maxLength={200}
          value={column}
          onChange={(event) => setColumn(event.currentTarget.value)}
        />
        <Textarea
          label="Reason"
          description="Who decides reads it"
          required
          autosize
          minRows={2}
          maxLength={2_000}
          value={because}
          onChange={(event) => setBecause(event.currentTarget.value)}
        />
        <ProblemAlert error={ask.error} />
        <div className="form-actions">
          <Button variant="default" onClick={onClose}>
            Cancel
          </Button>
          <Button
            type="submit"
            loading={ask.isPending}
            disabled={token.trim() === "" || purpose.trim() === "" || because.trim() === ""}
          >
            Ask
          </Button>
        </div>
      </form>
    </Dialog>
  );
}
