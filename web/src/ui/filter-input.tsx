import { TextInput } from "@mantine/core";
import { useHotkeys } from "@mantine/hooks";
import { useRef } from "react";

interface FilterInputProps {
  readonly label: string;
  readonly value: string;
  readonly onChange: (value: string) => void;
}

/** Narrows a list; `/` goes there from anywhere on the page. */
export function FilterInput({ label, value, onChange }: FilterInputProps) {
  const input = useRef<HTMLInputElement>(null);
  useHotkeys([["/", () => input.current?.focus()]]);
  return (
    <TextInput
      ref={input}
      type="search"
      className="filter"
      aria-label={label}
      placeholder={`${label} (press /)`}
      value={value}
      onChange={(event) => onChange(event.currentTarget.value)}
    />
  );
}
