import type { ClippedReader } from "../../../wire/index.js";
import type { FieldDescription } from "../codec/backend.js";
import {
  encodeBind,
  encodeClose,
  encodeDescribe,
  encodeExecute,
  encodeFlush,
  encodeParse,
  encodeQuery,
  encodeSync,
} from "../codec/frontend.js";
import { Pending, type PendingQueue } from "./pending.js";

/** One question of our own: run `text` with `values`, or (describe) only learn its columns. */
export interface OwnQuestion {
  readonly text: string | Uint8Array;
  readonly values?: readonly (Uint8Array | null)[] | undefined;
  /** How a client gave its values, when they are a client's: their formats, and the types that came with the text. */
  readonly reading?: { readonly formats: Buffer; readonly types: Buffer } | undefined;
  readonly describe?: boolean | undefined;
}

/** What came of it: rows as the target sent them, in text, or its columns. */
export interface OwnAnswer {
  rows: (Buffer | null)[][];
  fields: readonly FieldDescription[] | null;
  /** The command's own word for what it did. */
  tag: string | null;
}

export interface OwnFailure {
  readonly code: string;
  /** The target's ErrorResponse; null: something of the client before us failed, and the target discarded our question. */
  readonly frame: Buffer | null;
}

/** Questions of ours on their way, whose replies the client never sees. */
export interface OwnWork {
  readonly answers: OwnAnswer[];
  /** What the rows kept so far take. */
  bytes: number;
  /** The one that is being answered. */
  at: number;
  /** Of the target's error, if it made one. */
  failure: OwnFailure | null;
  readonly done: (work: OwnWork) => void;
}

/** More rows than this in an answer to us are not kept, nor more bytes in all that we asked at once. */
const maxOwnRows = 10_000;
const maxOwnBytes = 64 * 1024 * 1024;

/**
 * Frames and expectations for questions of our own. The extended protocol with names nobody can guess: the client's unnamed
 * statement and portal live on. `sync`: between the client's turns; otherwise inside of its pipeline, where a Sync of ours
 * would commit what the client has not finished.
 */
export function startOwnWork(
  questions: readonly OwnQuestion[],
  name: string,
  sync: boolean,
  done: (work: OwnWork) => void,
  again = false,
): { bytes: Buffer; pending: Pending[]; work: OwnWork } {
  const work: OwnWork = {
    answers: questions.map(() => ({ rows: [], fields: null, tag: null })),
    bytes: 0,
    at: 0,
    failure: null,
    done,
  };
  const frames: Buffer[] = [];
  const pending: Pending[] = [];
  const expect = (frame: Buffer, kind: Pending["kind"]) => {
    const item = new Pending(kind, true);
    item.work = work;
    frames.push(frame);
    pending.push(item);
  };
  // An earlier question that failed has left its names behind.
  if (again) {
    expect(encodeClose("portal", name), "close");
    expect(encodeClose("statement", name), "close");
  }
  for (const { text, values, reading, describe } of questions) {
    expect(encodeParse(name, text, reading?.types), "parse");
    if (describe === true) expect(encodeDescribe("statement", name), "describe");
    else {
      expect(encodeBind(name, name, values ?? [], reading?.formats), "bind");
      expect(encodeExecute(name), "execute");
      expect(encodeClose("portal", name), "close");
    }
    expect(encodeClose("statement", name), "close");
    pending.at(-1)!.endsQuestion = true;
  }
  if (sync) expect(encodeSync(), "sync");
  else frames.push(encodeFlush());
  return { bytes: Buffer.concat(frames), pending, work };
}

/** Keeps a row of the answer to the question that is being answered; `reader` stands behind the head of its DataRow. */
export function keepOwnRow(work: OwnWork, reader: ClippedReader): void {
  const { rows } = work.answers[work.at]!;
  // A cell takes more than its bytes.
  work.bytes += reader.remaining * 2;
  if (rows.length >= maxOwnRows || work.bytes > maxOwnBytes) return;
  const row: (Buffer | null)[] = [];
  for (let i = reader.uint16(); i > 0; i--) {
    const size = reader.int32();
    row.push(size < 0 ? null : Buffer.from(reader.bytes(size)));
  }
  rows.push(row);
}

/** Whether nothing of it waits for a reply. */
export function isDone(queue: PendingQueue, work: OwnWork): boolean {
  for (const pending of queue) if (pending.work === work) return false;
  return true;
}

/** The texts of questions that a Query can ask; null: one has values, or is not to be run. */
export function simpleTexts(questions: readonly OwnQuestion[]): readonly string[] | null {
  const texts: string[] = [];
  for (const { text, values, describe } of questions) {
    if (typeof text !== "string" || values !== undefined || describe === true) return null;
    texts.push(text);
  }
  return texts;
}

/** The same by the simple protocol, a Query for each, where the target knows no other. */
export function startSimpleWork(
  texts: readonly string[],
  done: (work: OwnWork) => void,
): { bytes: Buffer; pending: Pending[]; work: OwnWork } {
  const work: OwnWork = {
    answers: texts.map(() => ({ rows: [], fields: null, tag: null })),
    bytes: 0,
    at: 0,
    failure: null,
    done,
  };
  const pending = texts.map(() => {
    const item = new Pending("query", true);
    item.work = work;
    item.endsQuestion = true;
    return item;
  });
  return { bytes: Buffer.concat(texts.map(encodeQuery)), pending, work };
}
