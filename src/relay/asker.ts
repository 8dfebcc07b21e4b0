import {
  type Connection,
  type RuleId,
  type SessionId,
  type Subject,
  type SubjectId,
  type Verdict,
  withRights,
} from "../vocabulary/index.js";

/** The asker as the relay knows it now: rights change while a session is open. */
export interface Asker {
  readonly session: SessionId;
  /** The signing in whose token opened the session. */
  readonly login: string;
  subject: Subject;
  connection: Connection;
  /** What the session says that it is for, as recorded when it was ready; absent: it says nothing. */
  purpose?: string | undefined;
  /** Rules that held the access itself and were met; null: it still waits at the door. Absent: none did. */
  admitted?: ReadonlySet<RuleId> | null;
  /** Whether its user at the target was made with other rights than it has now; absent: it has none of its own. */
  readonly outdated?: (() => boolean) | undefined;
}

/** Takes over what somebody may do now: the asker itself, or the person that it acts for. Another object: what was decided is decided anew. */
export function takeRights(asker: Asker, id: SubjectId, now: Subject): void {
  const { subject } = asker;
  if (subject.id === id) asker.subject = withRights(subject, now);
  else if (subject.onBehalfOf?.id === id) asker.subject = { ...subject, onBehalfOf: now };
}

/** Whether an open session may stay under this verdict on its access: what was approved once is not asked again. */
export function mayStay({ admitted }: Asker, { outcome, holds }: Verdict): boolean {
  if (outcome === "allow") return true;
  if (outcome === "deny") return false;
  // Whoever came in while a second factor was fresh enough stays in: it is asked at the door.
  if (outcome === "challenge") return true;
  // While it still waits the gate decides, when the approval is there.
  if (admitted === null) return true;
  return (holds ?? []).length > 0 && holds!.every(({ rule }) => admitted?.has(rule) === true);
}

/** The rules that an access was let in under. */
export function metBy({ holds }: Verdict): ReadonlySet<RuleId> {
  return new Set(holds?.map(({ rule }) => rule));
}
