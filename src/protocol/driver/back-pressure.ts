import type { Side } from "../session.js";
import type { SidePort } from "./side-port.js";

/** Bytes that a client has not read yet, past which nothing more is read from it. */
const maxUnread = 1024 * 1024;

/** One side is behind with what it was sent, or has caught up: the sides are read accordingly. */
export function relievePressure(side: Side, backed: boolean, client: SidePort | null, target: SidePort | null): void {
  const source = side === "client" ? target : client;
  if (!backed) {
    source?.resume("backed-up");
    client?.resume("unread");
    return;
  }
  source?.pause("backed-up");
  // Answers of our own (refusals) would pile up for a client that asks and never reads.
  if (side === "client" && client !== null && client.buffered > maxUnread) client.pause("unread");
}
