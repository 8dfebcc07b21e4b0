import { createLooked } from "../../policy/looked.js";
import { testSelector } from "../../policy/selector.js";
import { type Analysis, type Connection, connectionId, type Subject, subjectId } from "../../vocabulary/index.js";
import type { EventDraft } from "../event.js";
import type { Action } from "./actions.js";
import type { ParsedReaction } from "./parse.js";
import type { KeyField, ReactionDocument, ReactionSpec } from "./schema.js";
import { compileWhen } from "./when.js";

/** What events name, as it is now. */
export interface Directory {
  /** Null: not known any more, or not to be had at once. */
  subject(id: string): Subject | null;
  connection(name: string): Connection | null;
}

/** One rule, ready to be asked. */
export interface Rule {
  readonly name: string;
  readonly document: ReactionDocument;
  readonly mode: ReactionSpec["mode"];
  readonly types: ReadonlySet<string>;
  readonly count: { readonly atLeast: number; readonly withinMs: number } | null;
  readonly quietMs: number;
  readonly by: readonly KeyField[];
  readonly actions: readonly Action[];
  readonly spec: ReactionSpec;
  /** Whether the event is one of those that the rule is about; counting comes after. */
  matches(event: EventDraft, directory: Directory): boolean;
  /** What is counted, and kept quiet about, together. */
  key(event: EventDraft): string;
}

export function compileRule({ document, spec }: Extract<ParsedReaction, { kind: "reaction" }>): Rule {
  const types = new Set(spec.on);
  const when = spec.when === undefined ? null : compileWhen(spec.when, spec.on);
  if (typeof when === "string") throw new TypeError(`rule ${document.metadata.name}: ${when}`);
  const by = spec.by ?? ["subject"];
  const { who, where, statement } = spec;
  const selectors = [who, where, statement].filter((selector) => selector !== undefined);

  function meets(event: EventDraft, directory: Directory): boolean {
    if (selectors.length === 0) return true;
    const situation = {
      subject: subjectOf(event, directory),
      connection: connectionOf(event, directory),
      analysis: analysisOf(event),
      now: event.at,
    };
    return selectors.every((selector) => testSelector(selector, situation, createLooked()) !== "no");
  }

  return {
    name: document.metadata.name,
    document,
    mode: spec.mode,
    types,
    count: spec.count === undefined ? null : { atLeast: spec.count.atLeast, withinMs: spec.count.within },
    quietMs: spec.quiet ?? 0,
    by,
    actions: spec.then,
    spec,
    matches(event, directory) {
      if (!types.has(event.type)) return false;
      if ((who ?? null) !== null && event.subject === null) return false;
      if ((where ?? null) !== null && event.connection === null) return false;
      // What cannot be told counts as met: a rule that answers events is a guard.
      return meets(event, directory) && (when === null || when.test(event) !== false);
    },
    key: (event) => JSON.stringify(by.map((field) => keyPart(event, field))),
  };
}

function keyPart(event: EventDraft, field: KeyField): string {
  if (field === "subject") return event.subject?.id || event.subject?.name || "";
  return event[field] ?? "";
}

const nobody = "00000000-0000-4000-8000-000000000000";

function subjectOf({ subject }: EventDraft, directory: Directory): Subject {
  const known = subject === null || subject.id === "" ? null : directory.subject(subject.id);
  // Groups as they were then, where the event says so: what was counted must not change with them.
  if (known !== null) return subject?.groups === undefined ? known : { ...known, groups: subject.groups };
  const id = subject?.id;
  return {
    id: subjectId(id !== undefined && id.length === 36 ? id : nobody),
    kind: subject?.kind ?? "person",
    name: subject?.name ?? "",
    groups: subject?.groups ?? [],
    version: 0,
  };
}

function connectionOf({ connection }: EventDraft, directory: Directory): Connection {
  const known = connection === null ? null : directory.connection(connection);
  return (
    known ?? {
      id: connectionId(nobody),
      name: connection ?? "",
      protocol: "",
      host: "",
      port: 0,
      agent: null,
      labels: {},
      tls: { mode: "disable" },
      target: {},
      exposesCredentialToAgent: false,
      version: 0,
    }
  );
}

/** What the event says of its statement, as criteria read it. */
function analysisOf({ data }: EventDraft): Analysis {
  const { effects, resources, attributes, shape } = data as Partial<Analysis>;
  return {
    shape: shape ?? "",
    effects: effects ?? [],
    resources: resources ?? [],
    attributes: attributes ?? {},
    unknowns: [],
  };
}
