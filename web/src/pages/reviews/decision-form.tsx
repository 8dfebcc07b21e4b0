import { Button, Textarea } from "@mantine/core";
import { useState } from "react";
import { write } from "../../api/request.js";
import type { Review } from "../../api/review-types.js";
import { ProblemAlert } from "../../ui/problem-alert.js";
import { useChange } from "../../ui/use-change.js";

/** Approve or deny, with a reason where a rule asks for one. */
export function DecisionForm({ review }: { review: Review }) {
  const [reason, setReason] = useState("");
  const required = review.rules.some(({ reasonRequired }) => reasonRequired);
  const decide = useChange({
    act: (verdict: "approve" | "deny") =>
      write("POST", `/reviews/${review.id}/${verdict}`, {
        body: reason.trim() === "" ? {} : { reason: reason.trim() },
      }),
    touches: [["reviews"], ["access"]],
    done: (verdict) => (verdict === "approve" ? "Your approval stands" : "It is denied"),
  });
  const blocked = required && reason.trim() === "";
  return (
    <section className="card" aria-label="Your decision">
      <h2 className="section-title">{review.can.approve ? "Your decision" : "Take it back"}</h2>
      <form className="form" onSubmit={(event) => event.preventDefault()}>
        <Textarea
          label="Reason"
          description={required ? "A rule asks for one" : "Others see it; with a denial, who asked is told"}
          required={required}
          autosize
          minRows={2}
          maxRows={8}
          maxLength={2_000}
          value={reason}
          onChange={(event) => setReason(event.currentTarget.value)}
        />
        <ProblemAlert error={decide.error} />
        <div className="form-actions">
          {review.can.deny && (
            <Button
              color="red"
              variant="light"
              disabled={blocked || decide.isPending}
              onClick={() => decide.mutate("deny", { onSuccess: () => setReason("") })}
            >
              Deny
            </Button>
          )}
          {review.can.approve && (
            <Button
              color="green"
              disabled={blocked || decide.isPending}
              onClick={() => decide.mutate("approve", { onSuccess: () => setReason("") })}
            >
              Approve
            </Button>
          )}
        </div>
      </form>
    </section>
  );
}
