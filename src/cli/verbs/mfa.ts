import { setTimeout as sleep } from "node:timers/promises";
import type { ApiClient } from "../../client/api-client.js";
import { HoopError } from "../../vocabulary/index.js";
import type { CliContext } from "../context.js";
import { flag, type Invocation, text, type Verb } from "../invocation.js";
import { readCode } from "../second-factor/prove.js";
import type { Factors, Question } from "../second-factor/shapes.js";
import { ago, facts } from "../table.js";

interface Answered {
  readonly connection: string | null;
  readonly with: string;
  readonly recoveryCodes: number | null;
}

export const run: Verb = async (invocation) => {
  const { context, args } = invocation;
  const api = await context.api();
  const connection = text(invocation, "for");
  if (connection !== undefined) return answerHere(context, api, { connection });
  const question = await chosen(context, api, args[0]);
  context.out.say(
    facts([
      ["connection", question.connection],
      ["statement", question.shown ?? "opening the connection"],
      ["expires", ago(question.expires)],
    ]),
  );
  const factors = await api.get<Factors>("/me/factors", { signal: context.signal });
  const codes = factors.recoveryCodes > 0 || factors.items.some(({ kind }) => kind === "totp");
  if (flag(invocation, "browser") || !codes) return inBrowser(invocation, api, question);
  return answerHere(context, api, { challenge: question.id }, factors);
};

async function chosen({ out, signal }: CliContext, api: ApiClient, id: string | undefined): Promise<Question> {
  if (id !== undefined) return api.get<Question>(`/me/step-up/${encodeURIComponent(id)}`, { signal });
  const { items } = await api.get<{ items: readonly Question[] }>("/me/step-up", { signal });
  const [newest] = items;
  if (newest === undefined)
    throw new HoopError("not-found", "nothing waits for your second factor", {
      hint: "hoop mfa --for CONNECTION answers before it is asked",
    });
  if (items.every(({ connection }) => connection === newest.connection)) return newest;
  if (!out.interactive)
    throw new HoopError("conflict", "several connections wait for your second factor", {
      hint: items.map((item) => `hoop mfa ${item.id}  (${item.connection})`).join("\n"),
    });
  const prompts = await import("@clack/prompts");
  const answer = await prompts.select({
    message: "Which one?",
    options: items.map((item) => ({ value: item.id, label: item.connection, hint: item.shown?.slice(0, 60) ?? "" })),
    signal,
  });
  if (prompts.isCancel(answer)) throw new HoopError("cancelled", "cancelled");
  return items.find((item) => item.id === answer)!;
}

async function answerHere(
  context: CliContext,
  api: ApiClient,
  aim: { readonly challenge: string } | { readonly connection: string },
  known?: Factors,
): Promise<void> {
  const { out, signal } = context;
  const factors = known ?? (await api.get<Factors>("/me/factors", { signal }));
  if (factors.items.length === 0)
    throw new HoopError("precondition-failed", "you have no second factor", { hint: "hoop mfa enrol" });
  const code = await readCode(context, factors);
  const done = await api.post<Answered>("/me/step-up", { body: { ...aim, answer: { code } }, signal });
  if (done.recoveryCodes !== null && done.recoveryCodes <= 3)
    out.warn(`${done.recoveryCodes} recovery codes are left: hoop mfa codes`);
  out.result(done, () => `Answered for ${done.connection}.`);
}

/** A passkey answers on the page of the question; here it is only waited for. */
async function inBrowser({ context }: Invocation, api: ApiClient, question: Question): Promise<void> {
  const { out, signal } = context;
  const { url } = await context.way();
  const page = new URL(`/step-up/${encodeURIComponent(question.id)}`, url).href;
  out.say(`Open ${out.color.cyan(page)}`);
  if (out.json) out.event({ event: "open", url: page });
  if (out.interactive) {
    const { default: open } = await import("open");
    await open(page).catch(() => {});
  }
  for (;;) {
    const now = await api.get<Question>(`/me/step-up/${encodeURIComponent(question.id)}`, { signal });
    if (now.state === "answered")
      return out.result({ connection: now.connection }, () => `Answered for ${now.connection}.`);
    if (now.state !== "pending") throw new HoopError("timeout", "nobody waits for this answer any more");
    await sleep(1_500, undefined, { signal }).catch(() => {
      throw new HoopError("cancelled", "cancelled");
    });
  }
}
