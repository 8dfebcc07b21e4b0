import type { ApiClient } from "../../client/api-client.js";
import { HoopError } from "../../vocabulary/index.js";
import { type Invocation, text, type Verb } from "../invocation.js";
import { jsonLines } from "../json-lines.js";
import { printable } from "../output.js";
import { type Frame, ScreenPainter } from "../screen-painter.js";
import { sessionIdFrom } from "../session-id.js";

type Event =
  | { readonly kind: "frame"; readonly terminal: number; readonly frame: Frame }
  | { readonly kind: "entry"; readonly entry: Readonly<Record<string, unknown>> }
  | { readonly kind: "alive" }
  | { readonly kind: "over"; readonly text: string };

/** Lines that stand below a screen. */
const statusMs = 4_000;

/** Looks on: what a terminal shows as it shows it; of sessions without one, their statements. */
export const run: Verb = async (invocation) => {
  const { context, args } = invocation;
  const api = await context.api();
  const id = await sessionIdFrom(api, "/sessions/live", args[0]!, context.signal);
  const wanted = text(invocation, "terminal");
  const leaving = new AbortController();
  const signal = AbortSignal.any([context.signal, leaving.signal]);
  const keys = listen(invocation, api, id, leaving);
  const painter = new ScreenPainter((out) => void process.stdout.write(out));
  const json = context.out.json;
  let terminal = wanted === undefined ? null : Number(wanted);
  let painted = 0;
  if (keys !== null) context.out.say("looking on: q leaves, k ends the session");
  try {
    const query = { because: text(invocation, "because") };
    for await (const event of jsonLines<Event>(api, `/sessions/${id}/watch`, { query, signal })) {
      if (json) {
        if (event.kind !== "alive") context.out.event(event);
      } else if (event.kind === "frame") {
        terminal ??= event.terminal;
        if (event.terminal !== terminal) continue;
        painter.paint(event.frame);
        painted = Date.now();
      } else if (event.kind === "over") throw new HoopError("denied", event.text);
      // A line of ours would stand in the middle of the picture.
      else if (event.kind === "entry" && Date.now() - painted > statusMs) {
        const line = lineOf(event.entry);
        if (line !== null) context.out.say(line);
      }
    }
    painter.end();
    context.out.say("the session has ended");
  } catch (error) {
    painter.end();
    if (!leaving.signal.aborted) throw error;
  } finally {
    keys?.();
  }
};

function lineOf(entry: Readonly<Record<string, unknown>>): string | null {
  const said = (value: unknown) => (typeof value === "string" ? printable(value.slice(0, 500)) : "");
  switch (entry.kind) {
    case "statement":
      return `${said(entry.outcome)}  ${said(entry.shown) || "(not shown)"}`;
    case "session-closed":
      return `ended: ${said((entry.reason as { readonly text?: unknown } | undefined)?.text)}`;
    default:
      return null;
  }
}

/** `q` leaves; `k`, and once more `k`, ends the session. Null: nobody sits at a keyboard. */
function listen({ context }: Invocation, api: ApiClient, id: string, leaving: AbortController): (() => void) | null {
  const { stdin } = process;
  if (!context.out.interactive || !stdin.isTTY) return null;
  let asked = false;
  const key = (data: Buffer): void => {
    const typed = data.toString("latin1");
    if (typed === "q" || typed === "\x03" || typed === "\x04") return leaving.abort();
    if (typed !== "k") {
      asked = false;
      return;
    }
    if (!asked) {
      asked = true;
      return context.out.say("end this session? k again ends it, anything else does not");
    }
    asked = false;
    api.post(`/sessions/${id}/kill`, { body: { reason: "ended by who looked on" } }).then(
      () => context.out.say("the session is being ended"),
      (error: unknown) => context.out.warn(error instanceof Error ? error.message : "it could not be ended"),
    );
  };
  stdin.setRawMode(true);
  stdin.on("data", key);
  stdin.resume();
  return () => {
    stdin.off("data", key);
    stdin.setRawMode(false);
    stdin.pause();
  };
}
