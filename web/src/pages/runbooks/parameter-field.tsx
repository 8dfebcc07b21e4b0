import { Checkbox, NativeSelect, NumberInput, PasswordInput, Textarea, TextInput } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { connectionsQuery } from "../../api/queries.js";
import type { Parameter } from "../../api/runbook-queries.js";

export type FieldValue = string | number | boolean;

/** The field that a parameter's declaration asks for; the gateway checks what comes. */
export function ParameterField({
  parameter,
  value,
  onChange,
}: {
  parameter: Parameter;
  value: FieldValue;
  onChange: (value: FieldValue) => void;
}) {
  const { name, type, title, help, optional, secret, maxLength, multiline } = parameter;
  const shared = { label: title ?? name, description: help, required: !optional && type !== "boolean" };
  const text = String(value);
  if (type === "boolean")
    return (
      <Checkbox
        label={shared.label}
        description={help}
        checked={value === true}
        onChange={(event) => onChange(event.currentTarget.checked)}
      />
    );
  if (type === "enum")
    return (
      <NativeSelect
        {...shared}
        data={["", ...(parameter.values ?? [])]}
        value={text}
        onChange={(event) => onChange(event.currentTarget.value)}
      />
    );
  if (type === "number")
    return (
      <NumberInput
        {...shared}
        min={parameter.min}
        max={parameter.max}
        value={value as number | string}
        onChange={onChange}
      />
    );
  if (type === "connection")
    return <ConnectionField {...shared} protocol={parameter.protocol} value={text} onChange={onChange} />;
  const own = {
    ...shared,
    maxLength,
    spellCheck: false,
    value: text,
    onChange: (event: { currentTarget: { value: string } }) => onChange(event.currentTarget.value),
  };
  if (secret) return <PasswordInput {...own} autoComplete="off" />;
  return multiline ? (
    <Textarea {...own} autosize minRows={3} maxRows={12} />
  ) : (
    <TextInput {...own} autoComplete="off" />
  );
}

function ConnectionField({
  protocol,
  value,
  onChange,
  ...shared
}: {
  label: string;
  description?: string | undefined;
  required: boolean;
  protocol?: string | undefined;
  value: string;
  onChange: (value: string) => void;
}) {
  const { data } = useQuery(connectionsQuery);
  const names = (data?.items ?? [])
    .filter((one) => protocol === undefined || one.protocol === protocol)
    .map(({ name }) => name);
  return (
    <NativeSelect
      {...shared}
      data={["", ...names]}
      value={value}
      onChange={(event) => onChange(event.currentTarget.value)}
    />
  );
}
