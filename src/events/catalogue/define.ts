import { z } from "zod";
import type { EventDraft } from "../event.js";

/** One type of event: what it means, what is in it, and an instance of it. */
export interface EventType<Data extends z.ZodObject = z.ZodObject> {
  /** `statement.denied` */
  readonly type: string;
  /** Ascends when a field is taken away or means something else; a field more is no new version. */
  readonly version: number;
  /** One sentence: when it is written. */
  readonly summary: string;
  readonly data: Data;
  /** A test checks that it is valid, a test firing uses it. */
  readonly sample: EventDraft & { readonly data: z.input<Data> };
  /** What is written together with its cause. */
  draft(at: Omit<EventDraft, "type" | "version" | "data"> & { readonly data: z.input<Data> }): EventDraft;
}

interface Definition<Data extends z.ZodObject> {
  readonly type: string;
  readonly version?: number;
  readonly summary: string;
  readonly data: Data;
  readonly sample: z.input<Data>;
  /** Of what the sample has besides its data; a session's event if left out. */
  readonly about?: "session" | "nothing";
}

/** Somebody and something made up, the same in every sample. */
const sampleAbout = {
  session: {
    subject: { id: "5b0c1f6e-3f0a-4d8e-9a51-6d1f4a7c2e10", name: "ada", kind: "person", groups: ["engineers"] },
    connection: "pg-demo",
    session: "0f6d8a52-7b3e-4c19-8d24-91e5c3b7a6f0",
  },
  nothing: {
    subject: { id: "5b0c1f6e-3f0a-4d8e-9a51-6d1f4a7c2e10", name: "ada", kind: "person", groups: ["admins"] },
    connection: null,
    session: null,
  },
} as const;

export function eventType<const Data extends z.ZodObject>(definition: Definition<Data>): EventType<Data> {
  const { type, version = 1, summary, data, sample, about = "session" } = definition;
  return {
    type,
    version,
    summary,
    data,
    sample: {
      id: "a3c1e7d4-52b8-8f06-9e3d-7c41b0f2d985",
      type,
      version,
      at: Date.UTC(2026, 0, 15, 9, 30),
      ...sampleAbout[about],
      cause: [],
      data: sample,
    },
    draft: ({ data: given, ...at }) => ({ ...at, type, version, data: given as Readonly<Record<string, unknown>> }),
  };
}

/** Longest text in an event: events tell that something happened, recordings tell all of it. */
export const longestText = 500;

/** A text of an event, cut where it must be, without halves of characters. */
export function short(text: string): string {
  // By way of bytes: what is half a character becomes U+FFFD.
  return Buffer.from(text.length > longestText ? `${text.slice(0, longestText - 1)}…` : text).toString();
}

export const text = z.string().max(longestText);
export const count = z.number().int().min(0);
export const reason = z.object({
  rule: text.nullable().describe("The policy rule; null: Hoop itself."),
  code: text,
  text,
});
export const person = z.object({ id: z.string(), name: text });
