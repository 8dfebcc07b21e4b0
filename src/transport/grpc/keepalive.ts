import type { Http2Session } from "node:http2";

export interface KeepaliveOptions {
  /** Between pings, milliseconds. */
  readonly intervalMs?: number | undefined;
  /** For an answer, milliseconds; then the connection counts as dead. */
  readonly timeoutMs?: number | undefined;
}

/** Finds a peer that is gone without a word (pulled cable, dead NAT entry), idle or not. Stops with the session. */
export function keepAlive(
  session: Http2Session,
  { intervalMs = 30_000, timeoutMs = 10_000 }: KeepaliveOptions,
  dead: () => void,
): void {
  let overdue: NodeJS.Timeout | undefined;
  const timer = setInterval(() => {
    if (session.destroyed || overdue !== undefined) return;
    overdue = setTimeout(dead, timeoutMs);
    overdue.unref();
    session.ping((error) => {
      if (error !== null) return;
      clearTimeout(overdue);
      overdue = undefined;
    });
  }, intervalMs);
  timer.unref();
  session.once("close", () => {
    clearInterval(timer);
    clearTimeout(overdue);
  });
}
