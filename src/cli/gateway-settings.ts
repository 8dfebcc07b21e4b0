import { gatewaySettings } from "../gateway/config.js";

/** Every setting of the gateway, for `hoop gateway --help`. */
export function gatewaySettingsText(): string {
  const lines = gatewaySettings().map(
    ({ name, text, default: value }) => `  ${name}${value === undefined ? "" : ` (${shown(value)})`}\n      ${text}`,
  );
  return `\nSettings (environment variables, with their defaults):\n${lines.join("\n")}`;
}

function shown(value: unknown): string {
  if (typeof value === "boolean") return value ? "yes" : "no";
  if (Array.isArray(value)) return value.length === 0 ? "none" : value.join(",");
  if (typeof value === "object" && value !== null && "host" in value && "port" in value)
    return `${value.host}:${value.port}`;
  return String(value);
}
