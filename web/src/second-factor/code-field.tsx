import { TextInput } from "@mantine/core";

interface CodeFieldProps {
  readonly label: string;
  readonly description?: string;
  readonly value: string;
  readonly onChange: (code: string) => void;
  /** Six digits only: no recovery code will do. */
  readonly digits?: boolean;
}

/** Where a code is typed; telephones and password stores know what it is for. */
export function CodeField({ label, description, value, onChange, digits = false }: CodeFieldProps) {
  return (
    <TextInput
      label={label}
      {...(description === undefined ? {} : { description })}
      autoComplete="one-time-code"
      inputMode={digits ? "numeric" : "text"}
      autoCapitalize="characters"
      spellCheck={false}
      required
      autoFocus
      maxLength={digits ? 7 : 30}
      classNames={{ input: "mono" }}
      value={value}
      onChange={(event) => onChange(event.currentTarget.value)}
    />
  );
}
