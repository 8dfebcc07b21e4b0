import { readFileSync } from "node:fs";
import { Agent, request } from "node:http";
import { join } from "node:path";
import { until } from "./clients.js";
import type { RunningHoop } from "./hoop.js";

export interface SeenReview {
  readonly id: string;
  readonly state: string;
}

/** Somebody who decides on reviews, over the API: the admin of a test's Hoop. */
export interface Reviewer {
  list(state?: string): Promise<readonly SeenReview[]>;
  /** Waits for a review in that state that is not one of `known`. */
  next(state: string, known?: readonly string[]): Promise<string>;
  content(
    id: string,
  ): Promise<{ text: string; values: readonly (string | null)[] | null; transaction: readonly string[] }>;
  decide(id: string, verdict: "approve" | "deny", reason?: string): Promise<void>;
  state(id: string): Promise<string>;
  /** As the API shows it. */
  whole(id: string): Promise<{ readonly rehearsal: unknown }>;
}

export function reviewer(hoop: RunningHoop): Reviewer {
  const agent = new Agent({ keepAlive: false });
  let token: string | null = null;

  function once(method: string, path: string, body?: unknown): Promise<{ status: number; text: string }> {
    return new Promise((resolve, reject) => {
      const sent = request(
        new URL(`/api/v1${path}`, hoop.http),
        {
          method,
          agent,
          headers: {
            ...(body === undefined ? {} : { "content-type": "application/json" }),
            ...(token === null ? {} : { authorization: `Bearer ${token}` }),
          },
        },
        (answer) => {
          const chunks: Buffer[] = [];
          answer.on("data", (chunk: Buffer) => chunks.push(chunk));
          answer.on("end", () => resolve({ status: answer.statusCode ?? 0, text: Buffer.concat(chunks).toString() }));
        },
      );
      sent.once("error", reject);
      sent.end(body === undefined ? undefined : JSON.stringify(body));
    });
  }

  async function call<T>(method: string, path: string, body?: unknown): Promise<T> {
    if (token === null) {
      const password = readFileSync(join(hoop.folder, "password"), "utf8");
      const { status, text } = await once("POST", "/login", { name: "admin", password });
      if (status !== 200) throw new Error(`the reviewer cannot sign in: ${status} ${text}`);
      token = (JSON.parse(text) as { accessToken: string }).accessToken;
    }
    const { status, text } = await once(method, path, body);
    if (status === 401) token = null;
    if (status >= 300) throw new Error(`${method} ${path}: ${status} ${text}`);
    return JSON.parse(text) as T;
  }

  const list: Reviewer["list"] = async (state) =>
    (await call<{ items: SeenReview[] }>("GET", `/reviews?view=all&limit=200${state ? `&state=${state}` : ""}`)).items;

  return {
    list,
    next: async (state, known = []) =>
      until(`a ${state} review`, async () => (await list(state)).find(({ id }) => !known.includes(id))?.id),
    content: (id) => call("GET", `/reviews/${id}/content`),
    decide: async (id, verdict, reason) =>
      void (await call("POST", `/reviews/${id}/${verdict}`, reason === undefined ? {} : { reason })),
    whole: (id) => call("GET", `/reviews/${id}`),
    state: async (id) => (await call<SeenReview>("GET", `/reviews/${id}`)).state,
  };
}
