import { TextInput } from "@mantine/core";
import { useState } from "react";
import { write } from "../../api/request.js";
import { ConfirmDialog } from "../../ui/confirm-dialog.js";
import { useChange } from "../../ui/use-change.js";

interface KillDialogProps {
  readonly session: { readonly id: string; readonly connection: string; readonly subject: { readonly name: string } };
  readonly onClose: () => void;
}

/** Ends a session; whoever is in it reads the reason. */
export function KillDialog({ session, onClose }: KillDialogProps) {
  const [reason, setReason] = useState("");
  const kill = useChange({
    act: () =>
      write("POST", `/sessions/${encodeURIComponent(session.id)}/kill`, {
        body: reason.trim() === "" ? {} : { reason: reason.trim() },
      }),
    touches: [["sessions"]],
    done: () => "The session ends",
  });
  return (
    <ConfirmDialog
      title="End this session?"
      text={`${session.subject.name} on ${session.connection}: it ends within a second, in the middle of whatever it does.`}
      verb="End it"
      onConfirm={() => kill.mutateAsync(undefined)}
      onClose={onClose}
    >
      <TextInput
        label="Reason"
        description={`${session.subject.name} will read it`}
        autoFocus
        maxLength={500}
        value={reason}
        onChange={(event) => setReason(event.currentTarget.value)}
      />
    </ConfirmDialog>
  );
}
