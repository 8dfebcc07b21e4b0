import { hash } from "node:crypto";
import type { Analysis, ChainId } from "../vocabulary/index.js";
import type { Actor, EntryDraft } from "./recorder.js";

/** Where an entry stands. */
export interface ChainTip {
  readonly seq: number;
  /** SHA-256 of the entry's body, hex. */
  readonly hash: string;
}

/** Before the first entry. */
export const genesis: ChainTip = { seq: 0, hash: "0".repeat(64) };

/** What an entry says of text that is sealed apart. */
export interface PayloadRef {
  /** The commitment; see `commitment.ts`. */
  readonly payload: string;
  /** Length of the content in bytes. */
  readonly bytes: number;
}

/** What the recorder itself puts into its chain, beside the drafts of others. */
export type OwnDraft =
  /** What statements refer to by its hash, once for all of them. */
  | { readonly kind: "analysis"; readonly described: DescribedAnalysis }
  /** The first entry of a chain, and one at each start. */
  | { readonly kind: "chain-opened"; readonly gateway: string }
  /** Entries that could not be written: `refused` statements did not run, `unrecorded` entries are lost. */
  | {
      readonly kind: "gap";
      readonly refused: number;
      readonly unrecorded: number;
      readonly from: number;
      readonly until: number;
      readonly because: string;
    };

/** Longer shown text is cut in the entry; the payload has it whole. */
export const shownLimit = 16 * 1024;
/** A longer analysis is sealed apart, for each statement. */
export const analysisLimit = 8 * 1024;

/** Sealed parts of a draft that have their payloads already. */
export interface Payloads {
  readonly text?: PayloadRef | undefined;
  readonly values?: PayloadRef | undefined;
  readonly error?: PayloadRef | undefined;
  readonly analysis?: PayloadRef | undefined;
}

/** The beginning of every body; a chain is read by comparing it, without parsing. */
export function bodyStart(chain: ChainId, seq: number, prev: string): string {
  return `{"v":1,"chain":"${chain}","seq":${seq},"prev":"${prev}",`;
}

const json = JSON.stringify;

// Analyses, reasons and actors are shared by many statements and never change; their text is made once.
const texts = new WeakMap<object, string>();

function sharedText(value: object): string {
  const known = texts.get(value);
  if (known !== undefined) return known;
  const text = json(value);
  texts.set(value, text);
  return text;
}

/** Short texts that come again and again, as JSON; bounded, and made anew when full. */
const quotes = new Map<string, string>();
const maxQuotes = 2_000;
const maxQuoted = 1_024;

function quoted(text: string): string {
  const known = quotes.get(text);
  if (known !== undefined) return known;
  const made = json(text);
  if (text.length > maxQuoted) return made;
  if (quotes.size >= maxQuotes) quotes.clear();
  quotes.set(text, made);
  return made;
}

/** An analysis as text, and the SHA-256 of exactly that text, hex: equal analyses are one. */
export interface DescribedAnalysis {
  readonly text: string;
  readonly hash: string;
}

const described = new WeakMap<Analysis, DescribedAnalysis>();

/** What an entry says of an analysis in clear. */
function spoken(analysis: Analysis): Analysis {
  const { sealed, attributes, resources } = analysis;
  if (sealed === undefined || sealed.length === 0) return analysis;
  return {
    ...analysis,
    attributes: Object.fromEntries(Object.entries(attributes).filter(([name]) => !sealed.includes(name))),
    // A path that is written by the asker is in the attribute of that name and in the resources.
    resources: sealed.includes("path") ? resources.filter(({ kind }) => kind !== "path") : resources,
  };
}

export function describedAnalysis(analysis: Analysis): DescribedAnalysis {
  const known = described.get(analysis);
  if (known !== undefined) return known;
  const text = json(spoken(analysis));
  const made = { text, hash: hash("sha256", text, "hex") };
  described.set(analysis, made);
  return made;
}

/**
 * The body of an entry: one line of JSON. Its exact bytes are hashed, journalled, stored and exported; nobody formats it again.
 * Text that was sealed apart appears as its reference; `"text":"shown"` says that the shown text is the text. What a store
 * files entries under comes first, so that it need not parse them; see `new-entry.ts`.
 */
export function entryBody(
  chain: ChainId,
  seq: number,
  prev: string,
  time: number,
  draft: EntryDraft | OwnDraft,
  payloads: Payloads,
): string {
  const start = `${bodyStart(chain, seq, prev)}"time":${time},"kind":"${draft.kind}",`;
  switch (draft.kind) {
    case "statement":
      return start + statementText(draft, payloads);
    case "statement-finished":
      return start + finishedText(draft, payloads);
    case "analysis":
      return `${start}"analysis":"${draft.described.hash}","described":${draft.described.text}}`;
    case "screen":
      return `${start}"session":"${draft.session}","terminal":${number(draft.terminal)},"part":${number(draft.part)},"text":${payloads.text === undefined ? "null" : refText(payloads.text)}}`;
    default: {
      if (!("session" in draft)) return start + json({ ...draft, kind: undefined }).slice(1);
      const { kind: _, session, ...rest } = draft;
      return `${start}"session":${json(session)},${json(rest).slice(1)}`;
    }
  }
}

type StatementDraft = Extract<EntryDraft, { kind: "statement" }>;

function statementText(draft: StatementDraft, payloads: Payloads): string {
  return (
    `"session":"${draft.session}","outcome":"${draft.outcome}","statement":"${draft.statement}","phase":${quoted(draft.phase)},"purpose":"${draft.purpose}",` +
    `"text":${payloads.text === undefined ? '"shown"' : refText(payloads.text)},"values":${payloads.values === undefined ? "null" : refText(payloads.values)},` +
    (payloads.analysis === undefined ? repeatedText(draft) : aboutText(draft, refText(payloads.analysis)))
  );
}

/** What a session's last statement said behind its sealed parts; the next one mostly says the same. */
const repeated = new WeakMap<Actor, { readonly of: StatementDraft; readonly text: string }>();
/** A longer one is made anew each time. */
const maxRepeated = 4_096;

function repeatedText(draft: StatementDraft): string {
  const before = repeated.get(draft.actor);
  if (before !== undefined && saysTheSame(before.of, draft)) return before.text;
  const made = aboutText(draft, draft.analysis === null ? "null" : `"${describedAnalysis(draft.analysis).hash}"`);
  if (made.length > maxRepeated) return made;
  // In one piece: a text that is still made of its parts is put together again each time it is used.
  const text = Buffer.from(made).toString();
  // Not what it was made for: text and values may be large.
  repeated.set(draft.actor, { of: { ...draft, text: "", values: null }, text });
  return text;
}

/** Whether `aboutText` says the same of both; the actor is the same. */
function saysTheSame(a: StatementDraft, b: StatementDraft): boolean {
  return (
    a.analysis === b.analysis &&
    a.reasons === b.reasons &&
    a.shown === b.shown &&
    a.policyVersion === b.policyVersion &&
    a.connection === b.connection &&
    a.shadows === b.shadows
  );
}

/** What stands behind the sealed parts. */
function aboutText(draft: StatementDraft, analysis: string): string {
  const shown = draft.shown === null ? null : cutShown(draft.shown);
  return (
    `"shown":${shown === null ? "null" : quoted(shown)},${shown !== null && shown.length < draft.shown!.length ? '"shownCut":true,' : ""}"analysis":${analysis},` +
    `"actor":${sharedText(draft.actor)},"connection":${quoted(draft.connection)},"reasons":${sharedText(draft.reasons)},"policyVersion":${quoted(draft.policyVersion)}${draft.shadows === undefined ? "" : `,"shadows":${sharedText(draft.shadows)}`}}`
  );
}

function finishedText(draft: Extract<EntryDraft, { kind: "statement-finished" }>, payloads: Payloads): string {
  const tag = draft.tag === undefined ? "" : `,"tag":${quoted(draft.tag)}`;
  const detected = draft.detected === undefined ? "" : `,"detected":${json(draft.detected)}`;
  const budgets = draft.budgets === undefined ? "" : `,"budgets":${json(draft.budgets)}`;
  const error = draft.error === undefined ? "" : `,"error":${json({ code: draft.error.code, text: payloads.error })}`;
  return (
    `"session":"${draft.session}","statement":"${draft.statement}","outcome":"${draft.outcome}","rows":${number(draft.rows)},"bytes":${number(draft.bytes)},` +
    `"maskedCells":${number(draft.maskedCells)},"durationMs":${number(draft.durationMs)}${tag}${detected}${budgets}${error}}`
  );
}

/** As JSON has it. */
const number = (value: number) => (Number.isFinite(value) ? `${value}` : "null");

const refText = (ref: PayloadRef) => `{"payload":"${ref.payload}","bytes":${ref.bytes}}`;

function cutShown(shown: string): string {
  if (shown.length <= shownLimit) return shown;
  // Never between the halves of a surrogate pair.
  const last = shown.charCodeAt(shownLimit - 1);
  return shown.slice(0, last >= 0xd800 && last <= 0xdbff ? shownLimit - 1 : shownLimit);
}

/** An entry as read back. `kind` decides what else is in it; see docs/audit.md. */
export interface EntryBody {
  readonly v: 1;
  readonly chain: string;
  readonly seq: number;
  readonly prev: string;
  /** Milliseconds since the epoch. */
  readonly time: number;
  readonly kind: string;
  readonly [field: string]: unknown;
}

/** The commitments that an entry holds, wherever they are. */
export function payloadsOf(body: string): string[] {
  return [...body.matchAll(/"payload":"([0-9a-f]{64})","bytes":\d+\}/g)].map((match) => match[1]!);
}
