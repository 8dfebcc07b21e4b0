import type { ApiClient } from "../../client/api-client.js";
import { HoopError } from "../../vocabulary/index.js";
import { exitCodes } from "../exit-codes.js";
import type { Invocation } from "../invocation.js";

/** A review as the API shows it, as far as the command line does. */
export interface ReviewSummary {
  readonly id: string;
  readonly kind: "statement" | "session" | "access" | "reveal" | "run";
  readonly state: "pending" | "approved" | "denied" | "expired" | "withdrawn" | "used";
  readonly requester: { readonly name: string };
  readonly onBehalfOf: { readonly name: string } | null;
  readonly connections: readonly string[];
  readonly preview: string;
  readonly reasons: readonly { readonly text: string }[];
  readonly openedAt: string;
  readonly expiresAt: string;
  readonly ending: string | null;
  readonly missing: string;
  readonly breakGlass: boolean;
  readonly escalated: boolean;
  readonly link: string;
  readonly version: number;
}

type Rows = readonly Readonly<Record<string, string | null>>[];

export interface ReviewDetail extends ReviewSummary {
  readonly text: string | null;
  readonly textLength: number;
  readonly values: readonly (string | null)[] | null;
  readonly valuesCount: number;
  readonly transaction: readonly string[];
  readonly transactionCount: number;
  readonly database: string | null;
  readonly role: string | null;
  readonly analysis: {
    readonly shape: string;
    readonly effects: readonly string[];
    readonly resources: readonly { readonly name: string; readonly access: string }[];
  } | null;
  readonly wish: {
    readonly effects: readonly string[];
    readonly durationMs: number;
    readonly ticket: string | null;
    readonly reason: string;
  } | null;
  readonly reveal: {
    readonly purpose: string;
    readonly form: string;
    readonly column: string | null;
    readonly token: string | null;
    readonly reason: string;
  } | null;
  readonly run: {
    readonly run: string;
    readonly runbook: string;
    readonly version: number;
    readonly runsAs: string;
    readonly parameters: readonly { readonly name: string; readonly value: string | null }[] | null;
    readonly steps: readonly {
      readonly name: string;
      readonly phase: "step" | "compensation";
      readonly connection: string;
      readonly when: string | null;
      readonly sends: string | null;
      readonly outcome: string;
    }[];
  } | null;
  readonly decisions: readonly {
    readonly by: { readonly name: string };
    readonly verdict: "approve" | "deny" | "break-glass";
    readonly reason: string | null;
    readonly at: string;
    readonly counts: boolean;
  }[];
  readonly comments: readonly { readonly by: { readonly name: string }; readonly text: string; readonly at: string }[];
  readonly rehearsal:
    | {
        readonly kind: "tried";
        readonly rows: number;
        readonly ran: string | null;
        readonly before: Rows;
        readonly after: Rows;
        readonly triggers: readonly string[];
        readonly cascades: readonly string[];
      }
    | { readonly kind: "estimated"; readonly why: string; readonly rows: number; readonly plan: string }
    | { readonly kind: "none"; readonly why: string }
    | null;
  readonly useBy: string | null;
}

const idPattern = /^[a-z]{5}-[a-z]{5}$/;

/** The id of a review out of what was typed: the id itself, or the link to its page. */
export function reviewIdFrom(typed: string): string {
  const id = typed.trim().toLowerCase().replace(/\/+$/, "").split("/").at(-1) ?? "";
  if (idPattern.test(id)) return id;
  throw new HoopError("invalid", `${JSON.stringify(typed.slice(0, 80))} names no review`, {
    hint: "a review is named like lusab-tofim; `hoop review ls` lists them",
  });
}

/** How to say afterwards what became of it. */
export async function resultOf(invocation: Invocation, review: ReviewSummary, done: string): Promise<void> {
  const { out } = invocation.context;
  out.result(review, () => {
    const still = review.state === "pending" && review.missing !== "" ? ` Still missing: ${review.missing}.` : "";
    return `${done}${still}`;
  });
}

/** Sends one act upon a review; answers the review after it. */
export function act(
  { context }: Invocation,
  api: ApiClient,
  id: string,
  verb: string,
  reason: string | undefined,
): Promise<ReviewDetail> {
  return api.post<ReviewDetail>(`/reviews/${id}/${verb}`, {
    body: reason === undefined ? {} : { reason },
    signal: context.signal,
  });
}

/** Waits until it is decided. Answers it as it is then. */
export async function waitFor(invocation: Invocation, api: ApiClient, id: string): Promise<ReviewDetail> {
  const { signal, out } = invocation.context;
  let review = await api.get<ReviewDetail>(`/reviews/${id}`, { signal });
  let said = "";
  while (review.state === "pending") {
    if (review.missing !== said) out.say(`waiting: ${review.missing} (${review.link})`);
    said = review.missing;
    await api.get(`/reviews/${id}/watch`, { query: { version: review.version, wait: 25 }, signal, timeoutMs: 60_000 });
    review = await api.get<ReviewDetail>(`/reviews/${id}`, { signal });
  }
  return review;
}

/** What a program learns of a review by the exit code alone. */
export function exitOf({ state }: ReviewSummary): number {
  if (state === "denied") return exitCodes.denied.code;
  if (state === "expired" || state === "withdrawn") return exitCodes.conflict.code;
  return exitCodes.ok.code;
}
