import { agentOptions } from "../agent/index.js";
import { gatewaySettings } from "./config.js";

/** The reference of every setting, as Markdown. */
export function settingsReference(): string {
  const rows = gatewaySettings().map(
    ({ name, text, default: value }) => `| \`${name}\` | ${shown(value)} | ${text.replaceAll("|", "\\|")} |`,
  );
  const agent = Object.values(agentOptions).map(
    ({ flag, env, text }) => `| \`${flag}\` | \`${env}\` | ${text.replaceAll("|", "\\|")} |`,
  );
  return `# Settings

Made from the programs' own schemas by \`settingsReference()\`; a test keeps it true.

## Gateway

Everything is set by environment variables. An unknown variable that begins with \`HOOP_\` is an error, so that a misspelt one is not silently without
effect. An empty one counts as unset.

| variable | default | meaning |
|---|---|---|
${rows.join("\n")}

## Agent

A flag goes before its environment variable.

| flag | variable | meaning |
|---|---|---|
${agent.join("\n")}
`;
}

function shown(value: unknown): string {
  if (value === undefined) return "";
  if (Array.isArray(value)) return value.length === 0 ? "none" : `\`${value.join(",")}\``;
  if (typeof value === "object" && value !== null && "host" in value && "port" in value)
    return `\`${value.host}:${value.port}\``;
  return `\`${value === false ? "no" : value === true ? "yes" : String(value)}\``;
}
