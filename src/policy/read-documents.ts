import { type Document, isNode, LineCounter, parseAllDocuments } from "yaml";
import { HoopError } from "../vocabulary/index.js";

/** One document of a file, not yet looked at. Kinds other than policy's pass through here as well. */
export interface RawDocument {
  readonly kind: unknown;
  readonly value: unknown;
  /** For messages: `policy.yaml, document 2 (line 14)`. */
  readonly at: string;
  /** The same with the line of what stands at this path of the document. */
  place(path: readonly PropertyKey[]): string;
}

const maxBytes = 4 * 1024 * 1024;
const maxDocuments = 5000;

/**
 * Splits YAML (JSON is YAML) into its documents. Tags, anchors that multiply and double keys are errors, not surprises.
 * Throws HoopError `invalid` with file and line.
 */
export function readDocuments(text: string, source = "the document"): readonly RawDocument[] {
  if (text.length > maxBytes) throw new HoopError("too-large", `${source} is longer than ${maxBytes} characters`);
  const lines = new LineCounter();
  const parsed = parseAllDocuments(text, {
    lineCounter: lines,
    version: "1.2",
    schema: "core",
    uniqueKeys: true,
    stringKeys: true,
  });
  if (!Array.isArray(parsed)) return [];
  if (parsed.length > maxDocuments)
    throw new HoopError("too-large", `${source} has more than ${maxDocuments} documents`);
  const found: RawDocument[] = [];
  for (const [index, document] of parsed.entries()) {
    const problem = document.errors[0] ?? document.warnings[0];
    if (problem) {
      throw new HoopError("invalid", `${source} is not valid YAML: ${problem.message.split("\n")[0]}`, {
        cause: problem,
      });
    }
    if (document.contents === null) continue;
    const line = lines.linePos(document.contents.range?.[0] ?? 0).line;
    const value = plain(document, source);
    if (value === null) continue;
    // A file may hold one JSON array of documents as well.
    const values: readonly unknown[] = Array.isArray(value) ? value : [value];
    for (const [place, one] of values.entries()) {
      const number = values.length > 1 ? place + 1 : index + 1;
      const name = `${source}, document ${number}`;
      const within = Array.isArray(value) ? [place] : [];
      found.push({
        kind: isRecord(one) ? one.kind : undefined,
        value: one,
        at: `${name} (line ${line})`,
        place: (path) => `${name} (line ${lineOf(document, lines, [...within, ...path]) ?? line})`,
      });
    }
  }
  return found;
}

/** Where the deepest known node of a path begins. */
function lineOf(document: Document.Parsed, lines: LineCounter, path: readonly PropertyKey[]): number | null {
  for (let length = path.length; length >= 0; length--) {
    const node: unknown = length === 0 ? document.contents : document.getIn(path.slice(0, length), true);
    if (isNode(node) && node.range) return lines.linePos(node.range[0]).line;
  }
  return null;
}

function plain(document: { toJS(options: { maxAliasCount: number }): unknown }, source: string): unknown {
  try {
    return document.toJS({ maxAliasCount: 100 });
  } catch (cause) {
    throw new HoopError(
      "invalid",
      `${source} cannot be read: ${cause instanceof Error ? cause.message : "bad alias"}`,
      { cause },
    );
  }
}

export function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
