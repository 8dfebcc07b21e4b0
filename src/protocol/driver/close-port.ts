import type { PipeAbort } from "../../transport/pipe.js";
import type { SidePort } from "./side-port.js";

/** After the end: how long a side may take to read what it was sent and to close. */
const lingerMs = 3_000;

/** Delivers what was sent to a side and closes it; one that takes too long is aborted. `closed`: it is. */
export function closePort(port: SidePort, abort: PipeAbort, closed: () => void): void {
  // Nobody listens any more, but a paused side would never tell that it is closed.
  for (const why of ["session", "backed-up", "unread"]) port.resume(why);
  port.end();
  const linger = setTimeout(() => port.abort(abort), lingerMs);
  port.whenClosed(() => {
    clearTimeout(linger);
    closed();
  });
}
