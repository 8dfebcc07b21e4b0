import type { LiveRestraints, Restraint } from "../../events/index.js";
import type { OpenSession, OpenSessions } from "../../relay/open-sessions.js";
import type { Pause, Pauses } from "../../relay/pauses.js";
import { type SessionId, type SubjectId, sessionId, subjectId } from "../../vocabulary/index.js";

/** Ends the sessions of this gateway that rules want ended. Answers the way to stop. */
export function endSessions(restraints: LiveRestraints, open: OpenSessions): () => void {
  function end(restraint: Restraint, text: string): void {
    for (const session of meant(restraint, open)) session.order({ kind: "end", reason: { code: "killed", text } });
  }
  const told = (restraint: Restraint, change: "imposed" | "lifted" | "over"): void => {
    if (restraint.kind === "kill" && change === "imposed") {
      const { reason } = restraint.terms as { readonly reason?: string | null };
      end(restraint, `reaction "${restraint.rule}" ended this session${reason ? `: ${reason}` : ""}`);
    }
    if (restraint.kind === "pause" && change === "over")
      end(restraint, `reaction "${restraint.rule}" paused this session, and nobody released it in time`);
  };
  // What was imposed before this gateway listened.
  for (const restraint of restraints.list()) told(restraint, "imposed");
  return restraints.watch(told);
}

function meant({ session, subject, since }: Restraint, open: OpenSessions): readonly OpenSession[] {
  if (session !== null) {
    const found = open.get(sessionId(session));
    return found === undefined ? [] : [found];
  }
  if (subject === null) return [];
  return open.concerning(subjectId(subject)).filter(({ startedAt }) => startedAt <= since);
}

/** Paused sessions, as the relay asks for them. */
export function pausesOf(restraints: LiveRestraints, link: (restraint: string) => string): Pauses {
  const words = new WeakMap<Restraint, Pause>();
  return {
    of(session: SessionId, subject: SubjectId) {
      const restraint = restraints.pauseOf(session, subject);
      if (restraint === null) return null;
      let pause = words.get(restraint);
      if (pause === undefined) {
        const { notice } = restraint.terms as { readonly notice?: string | null };
        const until = new Date(restraint.until).toISOString();
        const text = `reaction "${restraint.rule}" paused this session until somebody releases it; it ends at ${until}${notice ? `: ${notice}` : ""}`;
        pause = { id: restraint.id, text, link: link(restraint.id) };
        words.set(restraint, pause);
      }
      return pause;
    },
    watch: (listener) =>
      restraints.watch(({ kind }) => {
        if (kind === "pause") listener();
      }),
  };
}
