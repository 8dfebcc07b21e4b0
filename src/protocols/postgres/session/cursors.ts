import type { Analysis } from "../../../vocabulary/index.js";
import type { OwnQuestion, OwnWork } from "./own-work.js";
import type { TextCodec } from "./text.js";

/** Names that one session may have followed; more are not. */
const maxCursors = 64;
/** Texts under one name: a program that declares ever others gains nothing by it. */
const maxTexts = 8;
const maxText = 64 * 1024;

/** What the analyser says of a text that is one statement about a cursor. */
interface CursorFacts {
  readonly cursor?: { readonly name: string; readonly does: "declare" | "fetch" } | undefined;
  readonly opaque?: boolean;
  readonly opaqueText?: boolean;
  readonly declaresInside?: boolean;
  readonly callsBodies?: boolean;
}

/**
 * Cursors that this session declared, with the analysis that each was declared under: names may mean something else by the time
 * of a FETCH. A cursor counts as one of these only while the target says that its text is the very same.
 */
export class Cursors {
  /** By name and text; null: the same text meant different things, so it says nothing. */
  readonly #declared = new Map<string, Map<string, Analysis | null>>();

  /** A text is on its way that was allowed under this analysis. */
  ran(text: string, analysis: Analysis): void {
    const { cursor, callsBodies } = analysis as Analysis & CursorFacts;
    if (disturbsCursors(analysis)) this.forget();
    // A body may be another by the time of a FETCH.
    else if (cursor?.does === "declare" && callsBodies !== true) this.#declare(cursor.name, text, analysis);
  }

  /** Something runs that may declare a cursor by the very text of another. */
  forget(): void {
    this.#declared.clear();
  }

  #declare(name: string, text: string, analysis: Analysis): void {
    const texts = this.#declared.get(name) ?? new Map<string, Analysis | null>();
    if (text.length > maxText || (!this.#declared.has(name) && this.#declared.size >= maxCursors)) return;
    const before = texts.get(text);
    if (before === undefined && texts.size >= maxTexts) return;
    const same = before === undefined || (before !== null && resultsOf(before) === resultsOf(analysis));
    texts.set(text, same ? analysis : null);
    this.#declared.set(name, texts);
  }

  /** Whether a text may fetch from one of them. */
  mayFetch(text: string): boolean {
    return this.#declared.size > 0 && /\bfetch\b/i.test(text);
  }

  readonly question: OwnQuestion = { text: "SELECT name, statement FROM pg_catalog.pg_cursors" };

  /** The cursors that are open now and known, by name, as the target tells. */
  open({ answers, failure }: OwnWork, codec: TextCodec): ReadonlyMap<string, Analysis> {
    const known = new Map<string, Analysis>();
    if (failure !== null) return known;
    for (const [name, text] of answers[0]?.rows ?? []) {
      if (name == null || text == null) continue;
      const shown = codec.decodeLoosely(name);
      const analysis = this.#declared.get(shown)?.get(codec.decodeLoosely(text));
      if (analysis) known.set(shown, analysis);
    }
    return known;
  }
}

/** Whether what runs may declare cursors itself: a body does it under a path of its own, where the same text means something else. */
export function disturbsCursors(analysis: Analysis): boolean {
  const { opaque, opaqueText, declaresInside } = analysis as Analysis & CursorFacts;
  return opaque === true || opaqueText === true || declaresInside === true || analysis.unknowns.length > 0;
}

function resultsOf(analysis: Analysis): string {
  const { results, columns } = analysis as Analysis & { readonly results?: unknown; readonly columns?: unknown };
  return JSON.stringify([results, columns]);
}
