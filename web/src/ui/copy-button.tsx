import { ActionIcon } from "@mantine/core";
import { useClipboard } from "@mantine/hooks";
import { CheckIcon, CopyIcon } from "./icons.js";

export function CopyButton({ text, label = "Copy" }: { text: string; label?: string }) {
  const clipboard = useClipboard({ timeout: 1_500 });
  const told = clipboard.copied ? "Copied" : clipboard.error ? "Copying failed: select it by hand" : label;
  return (
    <ActionIcon
      variant="subtle"
      color={clipboard.copied ? "green" : clipboard.error ? "red" : "gray"}
      title={told}
      aria-label={told}
      onClick={() => clipboard.copy(text)}
    >
      {clipboard.copied ? <CheckIcon /> : <CopyIcon />}
    </ActionIcon>
  );
}
