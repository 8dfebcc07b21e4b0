import { ActionIcon, Title } from "@mantine/core";
import { type ReactNode, useEffect, useId, useRef } from "react";
import { CloseIcon } from "./icons.js";

interface DialogProps {
  readonly title: string;
  readonly onClose: () => void;
  readonly children: ReactNode;
  readonly wide?: boolean;
}

/** The browser's own modal dialog: it keeps the focus, closes on Escape and needs no styles at run time. Open while it is there. */
export function Dialog({ title, onClose, children, wide = false }: DialogProps) {
  const dialog = useRef<HTMLDialogElement>(null);
  const titleId = useId();
  useEffect(() => {
    const element = dialog.current;
    element?.showModal();
    return () => element?.close();
  }, []);
  return (
    <dialog
      ref={dialog}
      className="dialog"
      data-wide={wide || undefined}
      aria-labelledby={titleId}
      onCancel={(event) => {
        event.preventDefault();
        onClose();
      }}
    >
      <div className="dialog-head">
        <Title order={2} size="h4" id={titleId}>
          {title}
        </Title>
        <ActionIcon variant="subtle" color="gray" aria-label="Close" onClick={onClose}>
          <CloseIcon />
        </ActionIcon>
      </div>
      <div className="dialog-body">{children}</div>
    </dialog>
  );
}
