import { Button, Text } from "@mantine/core";
import { useClipboard } from "@mantine/hooks";

/** Recovery codes, shown once: to be copied or kept as a file before going on. */
export function RecoveryCodes({ codes, onDone }: { codes: readonly string[]; onDone: () => void }) {
  const clipboard = useClipboard({ timeout: 1_500 });
  const text = `Recovery codes for Hoop at ${location.host}\nEach is good once.\n\n${codes.join("\n")}\n`;
  return (
    <div className="stack">
      <Text size="sm">
        Each of these is good once, in place of your second factor. <strong>They are not shown again.</strong> Keep them
        where your telephone is not.
      </Text>
      <ol className="recovery-codes" aria-label="Recovery codes">
        {codes.map((code) => (
          <li key={code}>{code}</li>
        ))}
      </ol>
      <div className="form-actions">
        <Button variant="default" onClick={() => clipboard.copy(text)}>
          {clipboard.copied ? "Copied" : "Copy"}
        </Button>
        <Button
          variant="default"
          component="a"
          href={`data:text/plain;charset=utf-8,${encodeURIComponent(text)}`}
          download="hoop-recovery-codes.txt"
        >
          Download
        </Button>
        <Button onClick={onDone}>I have kept them</Button>
      </div>
    </div>
  );
}
