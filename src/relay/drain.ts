import type { OpenSessions } from "./open-sessions.js";

/**
 * Tells every session that the gateway is going away, waits for them to end by themselves, then ends the rest in the
 * protocol's own words. Resolves when none is left or `hardMs` has passed.
 */
export async function drain(
  open: OpenSessions,
  { graceMs, hardMs, text }: { graceMs: number; hardMs: number; text: string },
): Promise<void> {
  if (open.size === 0) return;
  for (const session of open.all())
    session.order({ kind: "notice", text: `${text}; this session ends in ${Math.ceil(graceMs / 1000)} s` });
  await allEnded(open, graceMs);
  for (const session of [...open.all()]) session.order({ kind: "end", reason: { code: "drained", text } });
  await allEnded(open, hardMs);
}

function allEnded(open: OpenSessions, ms: number): Promise<unknown> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise((resolve) => {
    timer = setTimeout(resolve, ms);
  });
  return Promise.race([Promise.all([...open.all()].map((session) => session.ended)), late]).finally(() =>
    clearTimeout(timer),
  );
}
