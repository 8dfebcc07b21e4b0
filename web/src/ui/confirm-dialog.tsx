import { Button, Text } from "@mantine/core";
import { type ReactNode, useState } from "react";
import { Dialog } from "./dialog.js";
import { ProblemAlert } from "./problem-alert.js";

interface ConfirmDialogProps {
  readonly title: string;
  /** What will happen. */
  readonly text: ReactNode;
  /** The verb on the button. */
  readonly verb: string;
  readonly onConfirm: () => Promise<unknown>;
  readonly onClose: () => void;
  readonly children?: ReactNode;
}

/** Asks before something that cannot be taken back; the cautious answer has the focus. */
export function ConfirmDialog({ title, text, verb, onConfirm, onClose, children }: ConfirmDialogProps) {
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState<unknown>(null);
  async function confirm(): Promise<void> {
    setBusy(true);
    setError(null);
    try {
      await onConfirm();
      onClose();
    } catch (thrown) {
      setError(thrown);
      setBusy(false);
    }
  }
  return (
    <Dialog title={title} onClose={onClose}>
      <form
        className="form"
        onSubmit={(event) => {
          event.preventDefault();
          void confirm();
        }}
      >
        <Text size="sm">{text}</Text>
        {children}
        <ProblemAlert error={error} />
        <div className="form-actions">
          <Button variant="default" onClick={onClose} autoFocus={children === undefined}>
            Cancel
          </Button>
          <Button type="submit" color="red" loading={busy}>
            {verb}
          </Button>
        </div>
      </form>
    </Dialog>
  );
}
