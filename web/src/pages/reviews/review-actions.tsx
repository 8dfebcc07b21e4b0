import { Button, Textarea } from "@mantine/core";
import { useState } from "react";
import { write } from "../../api/request.js";
import type { Review } from "../../api/review-types.js";
import { useMe } from "../../layout/use-me.js";
import { ConfirmDialog } from "../../ui/confirm-dialog.js";
import { useChange } from "../../ui/use-change.js";

/** What may be done with it besides deciding: take it back, go ahead alone, end the access that it became. */
export function ReviewActions({ review }: { review: Review }) {
  const me = useMe();
  const [asking, setAsking] = useState<"withdraw" | "break-glass" | "revoke" | null>(null);
  const [reason, setReason] = useState("");
  const act = useChange({
    act: (verb: "withdraw" | "break-glass") =>
      write("POST", `/reviews/${review.id}/${verb}`, { body: verb === "withdraw" ? {} : { reason: reason.trim() } }),
    touches: [["reviews"], ["access"]],
    done: (verb) => (verb === "withdraw" ? "It is withdrawn" : "It goes ahead without approval"),
  });
  const revoke = useChange({
    act: () => write("DELETE", `/grants/${review.id}`),
    touches: [["access"], ["reviews"], ["connections"]],
    done: () => "The access is over",
  });
  const mine = me.subject.id === review.requester.id;
  return (
    <>
      {review.can.withdraw && (
        <Button variant="default" onClick={() => setAsking("withdraw")}>
          Withdraw
        </Button>
      )}
      {review.can.breakGlass && (
        <Button color="red" onClick={() => setAsking("break-glass")}>
          Break the glass
        </Button>
      )}
      {review.revocable && (
        <Button color="red" variant="light" onClick={() => setAsking("revoke")}>
          {mine ? "Give back" : "Revoke"}
        </Button>
      )}
      {asking === "revoke" && (
        <ConfirmDialog
          title={mine ? "Give it back?" : `Revoke ${review.requester.name}'s access?`}
          text={`Sessions on ${review.connections.join(", ")} that rest on it end within a second.`}
          verb={mine ? "Give back" : "Revoke"}
          onConfirm={() => revoke.mutateAsync(undefined)}
          onClose={() => setAsking(null)}
        />
      )}
      {asking === "withdraw" && (
        <ConfirmDialog
          title="Withdraw it?"
          text="Whoever waits for it is told that it was withdrawn."
          verb="Withdraw"
          onConfirm={() => act.mutateAsync("withdraw")}
          onClose={() => setAsking(null)}
        />
      )}
      {asking === "break-glass" && (
        <ConfirmDialog
          title="Go ahead without approval?"
          text="For emergencies. It goes ahead at once, is recorded under your name with your reason in the open, and is shown in red to everybody who sees this review."
          verb="Break the glass"
          onConfirm={() => act.mutateAsync("break-glass")}
          onClose={() => setAsking(null)}
        >
          <Textarea
            label="Why it cannot wait"
            required
            autoFocus
            autosize
            minRows={2}
            maxLength={2_000}
            value={reason}
            onChange={(event) => setReason(event.currentTarget.value)}
          />
        </ConfirmDialog>
      )}
    </>
  );
}
