import { Button, PasswordInput } from "@mantine/core";
import { useMutation, useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { factorsQuery } from "../api/queries.js";
import { write } from "../api/request.js";
import type { Factors } from "../api/types.js";
import { Dialog } from "../ui/dialog.js";
import { ProblemAlert } from "../ui/problem-alert.js";
import { QueryView } from "../ui/query-view.js";
import { AnswerForm } from "./answer-form.js";

/** Asks for the proof that changing second factors needs; `onProved` when it was given. */
export function ProveDialog({ onProved, onClose }: { onProved: () => void; onClose: () => void }) {
  const factors = useQuery(factorsQuery);
  return (
    <Dialog title="Is it you?" onClose={onClose}>
      <QueryView query={factors}>
        {(data) =>
          data.items.length === 0 ? (
            <PasswordProof onProved={onProved} />
          ) : (
            <FactorProof factors={data} onProved={onProved} />
          )
        }
      </QueryView>
    </Dialog>
  );
}

function FactorProof({ factors, onProved }: { factors: Factors; onProved: () => void }) {
  return <AnswerForm aim={{}} factors={factors} verb="Go on" onAnswered={onProved} />;
}

function PasswordProof({ onProved }: { onProved: () => void }) {
  const [password, setPassword] = useState("");
  const prove = useMutation({
    mutationFn: () => write("POST", "/me/step-up", { body: { answer: { password } } }),
    onSuccess: onProved,
    onError: () => setPassword(""),
  });
  return (
    <form
      className="form"
      onSubmit={(event) => {
        event.preventDefault();
        prove.mutate();
      }}
    >
      <PasswordInput
        label="Your password"
        autoComplete="current-password"
        required
        autoFocus
        value={password}
        onChange={(event) => setPassword(event.currentTarget.value)}
      />
      <ProblemAlert error={prove.error} />
      <div className="form-actions">
        <Button type="submit" loading={prove.isPending}>
          Go on
        </Button>
      </div>
    </form>
  );
}
