import type { Http2Connection } from "../http2/index.js";

export interface KeepaliveOptions {
  /** Between pings, milliseconds. */
  readonly intervalMs?: number | undefined;
  /** For an answer, milliseconds; then the connection counts as dead. */
  readonly timeoutMs?: number | undefined;
}

/** Finds a peer that is gone without a word (pulled cable, dead NAT entry), idle or not. Returns the way to stop. */
export function keepAlive(
  connection: Http2Connection,
  { intervalMs = 30_000, timeoutMs = 10_000 }: KeepaliveOptions,
  dead: () => void,
): () => void {
  let overdue: NodeJS.Timeout | undefined;
  const timer = setInterval(() => {
    if (connection.closed || overdue !== undefined) return;
    overdue = setTimeout(dead, timeoutMs);
    overdue.unref();
    connection.ping(() => {
      clearTimeout(overdue);
      overdue = undefined;
    });
  }, intervalMs);
  timer.unref();
  return () => {
    clearInterval(timer);
    clearTimeout(overdue);
  };
}
