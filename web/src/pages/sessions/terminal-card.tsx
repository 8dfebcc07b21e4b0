import { Button } from "@mantine/core";
import { useEffect, useRef, useState } from "react";
import { readLines } from "../../api/json-lines.js";
import { read } from "../../api/request.js";
import type { RecordedSession } from "../../api/types.js";
import { ProblemAlert } from "../../ui/problem-alert.js";
import { emptyScreen, type Frame, screenAfter } from "./screen.js";
import { ScreenPlayer } from "./screen-player.js";
import { ScreenView } from "./screen-view.js";

type Shown =
  | { readonly kind: "nothing" }
  | { readonly kind: "played"; readonly frames: readonly Frame[] }
  | { readonly kind: "live" };

/** What a session's terminal showed, or shows now; for who may open recordings. Values that identify people are masked. */
export function TerminalCard({ session }: { session: RecordedSession }) {
  const [shown, setShown] = useState<Shown>({ kind: "nothing" });
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState<unknown>(null);
  const leaving = useRef<AbortController | null>(null);
  useEffect(() => () => leaving.current?.abort(), []);

  async function play(): Promise<void> {
    setBusy(true);
    setError(null);
    leaving.current?.abort();
    leaving.current = new AbortController();
    const { signal } = leaving.current;
    try {
      const id = encodeURIComponent(session.id);
      const { items } = await read<{ items: readonly { terminal: number }[] }>(`/sessions/${id}/terminals`, { signal });
      const frames: Frame[] = [];
      const first = items[0];
      if (first !== undefined)
        for await (const frame of readLines<Frame>(`/sessions/${id}/terminals/${first.terminal}/frames`, signal))
          frames.push(frame);
      setShown({ kind: "played", frames });
    } catch (failed) {
      if (!signal.aborted) setError(failed);
    } finally {
      setBusy(false);
    }
  }

  return (
    <section className="card" aria-label="Terminal">
      <div className="row">
        <Button variant="light" loading={busy} onClick={() => void play()}>
          Play what the terminal showed
        </Button>
        {session.endedAt === null && (
          <Button variant="light" color="grape" onClick={() => setShown({ kind: "live" })}>
            Look on
          </Button>
        )}
        <span className="dim small">That you look is recorded. What identifies people is masked.</span>
      </div>
      <ProblemAlert error={error} />
      {shown.kind === "played" &&
        (shown.frames.length === 0 ? (
          <p className="dim">No terminal was recorded in this session.</p>
        ) : (
          <ScreenPlayer frames={shown.frames} />
        ))}
      {shown.kind === "live" && <Live session={session.id} />}
    </section>
  );
}

type WatchEvent =
  | { readonly kind: "frame"; readonly terminal: number; readonly frame: Frame }
  | { readonly kind: "entry" | "alive" }
  | { readonly kind: "over"; readonly text: string };

function Live({ session }: { session: string }) {
  const [screen, setScreen] = useState(emptyScreen);
  const [state, setState] = useState("Looking on …");
  const [error, setError] = useState<unknown>(null);
  useEffect(() => {
    const leaving = new AbortController();
    (async () => {
      let terminal: number | null = null;
      for await (const event of readLines<WatchEvent>(
        `/sessions/${encodeURIComponent(session)}/watch`,
        leaving.signal,
      )) {
        if (event.kind === "over") return setState(event.text);
        if (event.kind !== "frame") continue;
        terminal ??= event.terminal;
        if (event.terminal === terminal) setScreen((now) => screenAfter(now, event.frame));
      }
      if (!leaving.signal.aborted) setState("The session has ended.");
    })().catch((failed: unknown) => {
      if (!leaving.signal.aborted) setError(failed);
    });
    return () => leaving.abort();
  }, [session]);
  return (
    <>
      <ProblemAlert error={error} />
      <ScreenView screen={screen} />
      <p className="dim small" aria-live="polite">
        {state}
      </p>
    </>
  );
}
