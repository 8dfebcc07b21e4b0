import type { App } from "./app.js";

interface Schema {
  readonly type?: string | readonly string[];
  readonly $ref?: string;
  readonly description?: string;
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly required?: readonly string[];
  readonly items?: Schema;
  readonly enum?: readonly unknown[];
  readonly const?: unknown;
  readonly anyOf?: readonly Schema[];
  readonly oneOf?: readonly Schema[];
  readonly default?: unknown;
}
interface Operation {
  readonly summary?: string;
  readonly description?: string;
  readonly tags?: readonly string[];
  readonly security?: readonly unknown[];
  readonly parameters?: readonly {
    readonly name: string;
    readonly in: string;
    readonly required?: boolean;
    readonly description?: string;
    readonly schema?: Schema;
  }[];
  readonly requestBody?: { readonly content?: Readonly<Record<string, { readonly schema?: Schema }>> };
  readonly responses?: Readonly<
    Record<string, { readonly content?: Readonly<Record<string, { readonly schema?: Schema }>> }>
  >;
}
interface Document {
  readonly paths?: Readonly<Record<string, Readonly<Record<string, Operation>>>>;
  readonly components?: { readonly schemas?: Readonly<Record<string, Schema>> };
}

/** The reference as Markdown, from the same schemas that validate: it cannot say anything else than the code does. */
export function apiReference(app: App): string {
  const document = app.swagger() as unknown as Document;
  const byTag = new Map<string, string[]>();
  for (const [path, operations] of Object.entries(document.paths ?? {})) {
    for (const [method, operation] of Object.entries(operations)) {
      const tag = operation.tags?.[0] ?? "other";
      byTag.set(tag, [...(byTag.get(tag) ?? []), routeText(method.toUpperCase(), path, operation)]);
    }
  }
  const lines = [
    "# API reference",
    "",
    "Generated from the schemas that the gateway validates with; the same as OpenAPI is under `/api/v1/openapi.json`.",
    "",
    "Requests and answers are JSON. Programs send `Authorization: Bearer …`; browsers send their cookie, and `X-CSRF-Token` with",
    "every write. Errors are `application/problem+json` with `code`, `message` and, where something can be done about it, `hint`.",
    "Lists come in pages: give `next` back as `after`.",
    "",
  ];
  for (const [tag, texts] of byTag) lines.push(`## ${tag}`, "", ...texts);
  const schemas = Object.entries(document.components?.schemas ?? {}).filter(([name]) => !name.endsWith("Input"));
  if (schemas.length > 0) lines.push("## Types", "");
  for (const [name, schema] of schemas)
    lines.push(
      `### ${name}`,
      "",
      ...(schema.description === undefined ? [] : [schema.description, ""]),
      ...fieldLines(schema),
      "",
    );
  return `${lines.join("\n").trimEnd()}\n`;
}

function routeText(method: string, path: string, operation: Operation): string {
  const lines = [
    `### ${method} ${path}`,
    "",
    `${operation.summary ?? ""}.${operation.security === undefined ? " *Public.*" : ""}`,
    "",
  ];
  if (operation.description !== undefined) lines.push(operation.description, "");
  for (const parameter of operation.parameters ?? []) {
    lines.push(
      `- \`${parameter.name}\` (${parameter.in}${parameter.required === true ? "" : ", optional"}): ${typeText(parameter.schema)}${told(parameter.description ?? parameter.schema?.description)}`,
    );
  }
  if ((operation.parameters ?? []).length > 0) lines.push("");
  const body = firstSchema(operation.requestBody?.content);
  if (body !== undefined) lines.push("Body:", "", ...fieldLines(body), "");
  for (const [status, response] of Object.entries(operation.responses ?? {})) {
    // The same everywhere, and told at the top.
    if (status === "default") continue;
    const schema = firstSchema(response.content);
    if (schema === undefined || schema.type === "null") lines.push(`Answers ${status}.`, "");
    else lines.push(`Answers ${status}:`, "", ...fieldLines(schema), "");
  }
  return lines.join("\n");
}

function firstSchema(content: Readonly<Record<string, { readonly schema?: Schema }>> | undefined): Schema | undefined {
  return Object.values(content ?? {})[0]?.schema;
}

function fieldLines(schema: Schema, indent = ""): string[] {
  const fields = Object.entries(schema.properties ?? {});
  const ways = (schema.anyOf ?? schema.oneOf ?? []).filter((one) => one.type !== "null");
  if (ways.some((one) => one.properties !== undefined)) {
    return ways.flatMap((one, n) => [...(n === 0 ? [] : [`${indent}- *or*`]), ...fieldLines(one, indent)]);
  }
  if (fields.length === 0) return [`${indent}- ${typeText(schema)}`];
  return fields.flatMap(([name, field]) => {
    const optional = schema.required?.includes(name) === true ? "" : ", optional";
    const inner = field.items?.properties === undefined ? field : field.items;
    const nested = inner.properties === undefined ? [] : fieldLines(inner, `${indent}  `);
    return [`${indent}- \`${name}\` (${typeText(field)}${optional})${told(field.description)}`, ...nested];
  });
}

function told(description: string | undefined): string {
  return description === undefined ? "" : `: ${description}`;
}

function typeText(schema: Schema | undefined): string {
  if (schema === undefined) return "anything";
  if (schema.$ref !== undefined)
    return schema.$ref
      .split("/")
      .at(-1)!
      .replace(/Input$/, "");
  if (schema.const !== undefined) return `\`${String(schema.const)}\``;
  if (schema.enum !== undefined) return schema.enum.map((value) => `\`${String(value)}\``).join(" or ");
  const either = schema.anyOf ?? schema.oneOf;
  if (either !== undefined) return either.map(typeText).join(" or ");
  if (schema.type === "array") return `list of ${typeText(schema.items)}`;
  if (schema.type === undefined) return "anything";
  return typeof schema.type === "string" ? schema.type : schema.type.join(" or ");
}
