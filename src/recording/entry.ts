import type { Analysis, ChainId } from "../vocabulary/index.js";
import type { EntryDraft } from "./recorder.js";

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
/** A longer analysis is sealed apart. */
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

export const analysisText = (analysis: Analysis): string => sharedText(analysis);

/**
 * The body of an entry: one line of JSON. Its exact bytes are hashed, journalled, stored and exported; nobody formats it again.
 * Text that was sealed apart appears as its reference; `"text":"shown"` says that the shown text is the text.
 */
export function entryBody(
  chain: ChainId,
  seq: number,
  prev: string,
  time: number,
  draft: EntryDraft | OwnDraft,
  payloads: Payloads,
): string {
  const start = `${bodyStart(chain, seq, prev)}"time":${time},`;
  if (draft.kind === "statement") {
    const shown = draft.shown === null ? null : cutShown(draft.shown);
    const analysis =
      draft.analysis === null
        ? "null"
        : payloads.analysis === undefined
          ? analysisText(draft.analysis)
          : json(payloads.analysis);
    return (
      `${start}"kind":"statement","session":"${draft.session}","statement":${json(draft.statement)},"actor":${sharedText(draft.actor)},` +
      `"connection":${json(draft.connection)},"phase":${json(draft.phase)},"purpose":"${draft.purpose}","outcome":"${draft.outcome}",` +
      `"reasons":${sharedText(draft.reasons)},"policyVersion":${json(draft.policyVersion)},` +
      `"text":${payloads.text === undefined ? '"shown"' : refText(payloads.text)},` +
      `"values":${payloads.values === undefined ? "null" : refText(payloads.values)},` +
      `"shown":${shown === null ? "null" : json(shown)},${shown !== null && shown.length < draft.shown!.length ? '"shownCut":true,' : ""}"analysis":${analysis}}`
    );
  }
  if (draft.kind === "statement-finished") {
    const error = draft.error === undefined ? undefined : { code: draft.error.code, text: payloads.error };
    return `${start}${json({ ...draft, error }).slice(1)}`;
  }
  return `${start}${json(draft).slice(1)}`;
}

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
