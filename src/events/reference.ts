import { catalogue } from "./catalogue/index.js";
import { receiverSpec } from "./receivers/schema.js";
import { actionSchemas } from "./rules/actions.js";
import { dataSchema, type JsonSchema, withoutNull } from "./rules/json-schema.js";
import { reactionSpec } from "./rules/schema.js";

/** The page of every event, action and receiver, as the schemas have them. */
export function eventsReference(): string {
  return `${[
    "# Events, actions, receivers: the reference",
    "",
    "Made from the schemas. What they are for: [events.md](events.md); how to write reactions: [guides/reactions.md](guides/reactions.md).",
    "",
    "## Events",
    "",
    "Every event has `id`, `type`, `version`, `at`, `subject` (`id`, `name`, where known `kind` and `groups`), `connection`, `session`, `cause`, and `data`:",
    "",
    ...catalogue.flatMap(({ type, version, summary, sample }) => [
      `### ${type}`,
      "",
      `${summary} Version ${version}.`,
      "",
      ...fieldLines(dataSchema(type)),
      "",
      "```json",
      JSON.stringify(sample.data),
      "```",
      "",
    ]),
    "## A reaction's spec",
    "",
    ...specLines(reactionSpec.shape),
    "",
    "## Actions",
    "",
    ...Object.entries(actionSchemas).flatMap(([kind, schema]) => [
      `### ${kind}`,
      "",
      schema.description ?? "",
      "",
      ...specLines(schema.shape),
      "",
    ]),
    "## A receiver's spec",
    "",
    ...specLines(receiverSpec.shape),
  ].join("\n")}\n`;
}

function fieldLines(schema: JsonSchema): readonly string[] {
  return Object.entries(schema.properties ?? {}).map(([name, one]) => {
    const plain = withoutNull(one);
    const kind =
      plain.enum !== undefined ? plain.enum.map((word) => `\`${String(word)}\``).join(", ") : (plain.type ?? "any");
    const empty = plain === one ? "" : ", or null";
    const said = one.description ?? plain.description;
    return `- \`${name}\` ${kind}${empty}${said === undefined ? "" : `: ${said}`}`;
  });
}

function specLines(shape: Readonly<Record<string, { readonly description?: string | undefined }>>): readonly string[] {
  return Object.entries(shape).map(
    ([name, { description }]) => `- \`${name}\`${description === undefined ? "" : `: ${description}`}`,
  );
}
