import type { z } from "zod";
import { suggestion } from "../../policy/closest.js";
import { isRecord, type RawDocument, readDocuments } from "../../policy/read-documents.js";
import { HoopError } from "../../vocabulary/index.js";
import type { ReceiverSpec } from "../receivers/schema.js";
import { problemsOf } from "./check.js";
import { type ReactionDocument, type ReactionSpec, reactionDocumentSchemas, reactionKinds } from "./schema.js";

/** Problems told at once; the rest follows when these are mended. */
const maxProblems = 10;

export type ParsedReaction =
  | { readonly kind: "reaction"; readonly document: ReactionDocument; readonly spec: ReactionSpec }
  | { readonly kind: "receiver"; readonly document: ReactionDocument; readonly spec: ReceiverSpec };

/**
 * Reactions and receivers of a YAML or JSON text, validated as a whole: one bad document and none is returned.
 * Throws HoopError `invalid` whose message names file, document, line, path and the nearest known word.
 *
 * @example parseReactions("apiVersion: hoop/v1\nkind: reaction\n…", "reactions.yaml")
 */
export function parseReactions(text: string, source?: string): readonly ParsedReaction[] {
  const problems: string[] = [];
  const parsed: ParsedReaction[] = [];
  const names = new Map<string, string>();
  for (const raw of readDocuments(text, source)) {
    const checked = check(raw);
    if (Array.isArray(checked)) {
      problems.push(...checked);
      continue;
    }
    const one = checked as ParsedReaction;
    const { name } = one.document.metadata;
    const before = names.get(name);
    if (before !== undefined) problems.push(`${raw.at}: the name "${name}" is taken by ${before}`);
    names.set(name, raw.at);
    parsed.push(one);
  }
  if (problems.length === 0) return parsed;
  const more = problems.length - maxProblems;
  const told = problems.slice(0, maxProblems).join("\n");
  throw new HoopError("invalid", more > 0 ? `${told}\nand ${more} more` : told);
}

/** A stored document, or a HoopError `invalid`: what one version saved, a later one may not know. */
export function parseStored(value: unknown, at: string): ParsedReaction {
  const checked = check({ kind: undefined, value, at, place: () => at });
  if (Array.isArray(checked)) throw new HoopError("invalid", checked.join("\n"));
  return checked as ParsedReaction;
}

function check({ value, at, place }: RawDocument): ParsedReaction | string[] {
  if (!isRecord(value)) return [`${at}: expected a mapping with apiVersion, kind, metadata and spec`];
  const { kind } = value;
  if (kind !== "reaction" && kind !== "receiver") {
    const said =
      typeof kind === "string"
        ? `unknown kind "${kind.slice(0, 64)}" (${suggestion(kind, reactionKinds)})`
        : `expected kind: ${reactionKinds.join(", ")}`;
    return [`${at}, kind: ${said}`];
  }
  const metadata = isRecord(value["metadata"]) ? value["metadata"] : {};
  const name = typeof metadata["name"] === "string" ? ` "${metadata["name"].slice(0, 63)}"` : "";
  const said = (path: readonly PropertyKey[], message: string) =>
    `${place(path)}, ${kind}${name}, ${pathText(path)}: ${message}`;
  const result = reactionDocumentSchemas[kind].safeParse(value);
  if (!result.success) return result.error.issues.map((issue: z.core.$ZodIssue) => said(issue.path, issue.message));
  // Kept as written: a copy without what YAML aliases share, and without anything that is not JSON.
  const document = JSON.parse(JSON.stringify(value)) as ReactionDocument;
  const made = { kind, document, spec: result.data.spec } as ParsedReaction;
  if (made.kind === "receiver") return made;
  const problems = problemsOf(made.spec).map(({ path, text }) => said(["spec", ...path], text));
  return problems.length > 0 ? problems : made;
}

function pathText(steps: readonly PropertyKey[]): string {
  const path = steps.map((step) => (typeof step === "number" ? `[${step}]` : `.${String(step)}`)).join("");
  return path.replace(/^\./, "") || "document";
}
