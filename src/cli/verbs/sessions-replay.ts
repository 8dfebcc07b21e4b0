import { setTimeout as delay } from "node:timers/promises";
import type { ApiClient } from "../../client/api-client.js";
import { HoopError } from "../../vocabulary/index.js";
import { flag, type Invocation, text, type Verb } from "../invocation.js";
import { jsonLines } from "../json-lines.js";
import { pages } from "../pages.js";
import { ScreenFilter } from "../screen-filter.js";
import { type Frame, ScreenPainter } from "../screen-painter.js";
import { sessionIdFrom } from "../session-id.js";

interface Entry {
  readonly kind: string;
  readonly seq: number;
  readonly terminal?: number;
  readonly part?: number;
}

const maxEntries = 100_000;
/** Sealed parts are opened so many a minute; whoever looks at more waits. */
const limitedMs = 5_000;

export const run: Verb = async (invocation) => {
  const { context, args } = invocation;
  const speed = numberOf(invocation, "speed", 1);
  const idle = numberOf(invocation, "idle", 2);
  const api = await context.api();
  const id = await sessionIdFrom(api, "/sessions", args[0]!, context.signal);
  const because = text(invocation, "because");
  if (because === undefined) return playMasked(invocation, api, id, { speed, idle });
  const entries = await pages<Entry>(api, `/sessions/${id}/entries`, {}, maxEntries, context.signal);
  const screens = entries.filter(({ kind }) => kind === "screen");
  const wanted = text(invocation, "terminal");
  const terminal = wanted === undefined ? screens[0]?.terminal : Number(wanted);
  const parts = screens.filter((entry) => entry.terminal === terminal).sort((a, b) => a.part! - b.part!);
  if (parts.length === 0)
    throw new HoopError("not-found", "this session has no such recording of a terminal", {
      hint: `hoop sessions show ${args[0]}`,
    });
  const raw = flag(invocation, "raw");
  const player = new Player(speed, idle, context.signal);
  for (const [at, entry] of parts.entries()) {
    if (entry.part !== at) context.out.warn(`piece ${at} of the recording is missing`);
    const cast = await reveal(api, id, entry.seq, because, context.signal);
    if (raw) process.stdout.write(cast);
    else await player.play(cast);
  }
};

/** What stood on the screen, with values that identify people masked. */
async function playMasked(
  invocation: Invocation,
  api: ApiClient,
  id: string,
  { speed, idle }: { readonly speed: number; readonly idle: number },
): Promise<void> {
  const { out, signal } = invocation.context;
  if (flag(invocation, "raw")) throw new HoopError("invalid", "--raw is what was sealed: say --because why you look");
  const { items } = await api.get<{ readonly items: readonly { readonly terminal: number }[] }>(
    `/sessions/${id}/terminals`,
    { signal },
  );
  const terminal = Number(text(invocation, "terminal") ?? items[0]?.terminal ?? -1);
  if (!items.some((one) => one.terminal === terminal))
    throw new HoopError("not-found", "this session has no such recording of a terminal", {
      hint: `hoop sessions show ${invocation.args[0]}`,
    });
  const painter = new ScreenPainter((painted) => void process.stdout.write(painted));
  let last = 0;
  for await (const frame of jsonLines<Frame>(api, `/sessions/${id}/terminals/${terminal}/frames`, { signal })) {
    const pause = Math.min(Math.max(0, frame.at - last), idle) / speed;
    last = frame.at;
    if (out.json) {
      out.event(frame);
      continue;
    }
    if (pause > 0.005) await delay(pause * 1000, undefined, { signal });
    painter.paint(frame);
  }
  painter.end();
}

async function reveal(api: ApiClient, id: string, seq: number, because: string, signal: AbortSignal): Promise<string> {
  for (;;) {
    try {
      const body = { part: "text", because };
      const { text: found } = await api.post<{ text: string | null }>(`/sessions/${id}/entries/${seq}/reveal`, {
        body,
        signal,
      });
      return found ?? "";
    } catch (error) {
      if (!(error instanceof HoopError) || error.code !== "limited") throw error;
      await delay(limitedMs, undefined, { signal });
    }
  }
}

/** Shows what a terminal showed, in its time. */
class Player {
  readonly #speed: number;
  readonly #idle: number;
  readonly #signal: AbortSignal;
  readonly #filter = new ScreenFilter();
  #last = 0;

  constructor(speed: number, idle: number, signal: AbortSignal) {
    this.#speed = speed;
    this.#idle = idle;
    this.#signal = signal;
  }

  async play(cast: string): Promise<void> {
    for (const line of cast.split("\n")) {
      if (!line.startsWith("[")) continue;
      const [at, code, data] = JSON.parse(line) as [number, string, string];
      const pause = Math.min(Math.max(0, at - this.#last), this.#idle) / this.#speed;
      this.#last = at;
      if (pause > 0.005) await delay(pause * 1000, undefined, { signal: this.#signal });
      if (code === "o") process.stdout.write(this.#filter.push(data));
    }
  }
}

function numberOf(invocation: Invocation, option: string, usual: number): number {
  const typed = text(invocation, option);
  const value = typed === undefined ? usual : Number(typed);
  if (!(value > 0) || value > 1_000_000) throw new HoopError("invalid", `--${option} is a number above 0`);
  return value;
}
