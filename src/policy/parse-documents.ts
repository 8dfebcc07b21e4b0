import type { z } from "zod";
import { HoopError } from "../vocabulary/index.js";
import { suggestion } from "./closest.js";
import {
  documentSchemas,
  type ParsedDocument,
  type PolicyDocument,
  type PolicyKind,
  policyKinds,
} from "./documents/index.js";
import { isRecord, type RawDocument, readDocuments } from "./read-documents.js";

/** Problems told at once; the rest follows when these are mended. */
const maxProblems = 10;

/**
 * Policy documents of a YAML or JSON text, validated as a whole: one bad document and none is returned.
 * Throws HoopError `invalid` whose message names file, document, path and the nearest known word.
 *
 * @example parseDocuments("apiVersion: hoop/v1\nkind: access\nmetadata: { name: all }\nspec: …", "policy.yaml")
 */
export function parseDocuments(text: string, source?: string): readonly PolicyDocument[] {
  return validateDocuments(readDocuments(text, source));
}

/** The same for documents that are parsed already. */
export function validateDocuments(raw: readonly RawDocument[]): readonly PolicyDocument[] {
  const problems: string[] = [];
  const seen = new Map<string, string>();
  const documents: PolicyDocument[] = [];
  for (const one of raw) {
    const checked = check(one.value, one.at, one.place);
    if ("problems" in checked) {
      problems.push(...checked.problems);
      continue;
    }
    const { name } = checked.document.metadata;
    const before = seen.get(name);
    if (before !== undefined) problems.push(`${one.at}: the name "${name}" is taken by ${before}`);
    seen.set(name, one.at);
    places.set(checked.document, one.place);
    documents.push(checked.document);
  }
  if (problems.length > 0) throw invalid(problems);
  return documents;
}

const places = new WeakMap<PolicyDocument, RawDocument["place"]>();

/** File, document and line of what stands at a path of a document; for one that was not read from a text, its name. */
export function placeOf(document: PolicyDocument, path: readonly PropertyKey[] = []): string {
  return places.get(document)?.(path) ?? "stored policy";
}

/** A problem of a document as it is told: where, what and why. */
export function problemAt(document: PolicyDocument, path: readonly PropertyKey[], text: string): string {
  return `${placeOf(document, path)}, ${document.kind} "${document.metadata.name}"${path.length > 0 ? `, ${pathText(path)}` : ""}: ${text}`;
}

/** A stored or given value as a document of ours, or a HoopError `invalid` that names `at`. */
export function parseDocument(
  value: unknown,
  at: string,
): { readonly document: PolicyDocument; readonly parsed: ParsedDocument } {
  const checked = check(value, at);
  if ("problems" in checked) throw invalid(checked.problems);
  return checked;
}

export function isPolicyKind(kind: unknown): kind is PolicyKind {
  return typeof kind === "string" && Object.hasOwn(documentSchemas, kind);
}

type Checked =
  | { readonly problems: readonly string[] }
  | { readonly document: PolicyDocument; readonly parsed: ParsedDocument };

function check(value: unknown, at: string, place: RawDocument["place"] = () => at): Checked {
  if (!isRecord(value)) return { problems: [`${at}: expected a mapping with apiVersion, kind, metadata and spec`] };
  const { kind } = value;
  if (!isPolicyKind(kind)) {
    const said =
      typeof kind === "string"
        ? `unknown kind "${kind.slice(0, 64)}" (${suggestion(kind, policyKinds)})`
        : `expected kind: ${policyKinds.join(", ")}`;
    return { problems: [`${at}, kind: ${said}`] };
  }
  const result = documentSchemas[kind].safeParse(value);
  if (!result.success) {
    const name =
      isRecord(value.metadata) && typeof value.metadata.name === "string"
        ? ` "${value.metadata.name.slice(0, 63)}"`
        : "";
    return {
      problems: result.error.issues.map(
        (issue) => `${place(issue.path)}, ${kind}${name}, ${pathOf(issue)}: ${issue.message}`,
      ),
    };
  }
  // Kept as written: a copy without what YAML aliases share, and without anything that is not JSON.
  return { document: JSON.parse(JSON.stringify(value)) as PolicyDocument, parsed: result.data };
}

function pathOf(issue: z.core.$ZodIssue): string {
  return pathText(issue.path);
}

function pathText(steps: readonly PropertyKey[]): string {
  const path = steps.map((step) => (typeof step === "number" ? `[${step}]` : `.${String(step)}`)).join("");
  return path.replace(/^\./, "") || "document";
}

/** All problems in one error, the first ones told. */
export function invalid(problems: readonly string[]): HoopError {
  const more = problems.length - maxProblems;
  const told = problems.slice(0, maxProblems).join("\n");
  return new HoopError("invalid", more > 0 ? `${told}\nand ${more} more` : told);
}
