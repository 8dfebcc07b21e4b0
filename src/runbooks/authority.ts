import { HoopError, type Subject } from "../vocabulary/index.js";
import type { RunSubjects } from "./ports.js";
import type { Runbook } from "./runbook.js";

/** Whether somebody may run it, and so sees it. A machine that acts for a person needs both to. */
export function mayRun(
  runbook: Pick<Runbook, "groups" | "as">,
  subject: Subject,
  subjects: Pick<RunSubjects, "mayRunAny">,
): boolean {
  const { groups, onBehalfOf, bounds = [] } = subject;
  if (!bounds.every(({ permissions }) => permissions === undefined || permissions.includes("runbooks.run")))
    return false;
  // With the rights of another the bounds of this token would be left behind.
  if (runbook.as !== null && bounds.some(({ connections }) => connections !== undefined)) return false;
  if (subjects.mayRunAny(subject)) return true;
  const member = runbook.groups?.some((group) => groups.includes(group)) ?? false;
  return member && (onBehalfOf === undefined || mayRun(runbook, onBehalfOf, subjects));
}

/** Whose rights a run has. Throws HoopError `denied`, `precondition-failed`. */
export async function runsAs(runbook: Runbook, asker: Subject, subjects: RunSubjects): Promise<Subject> {
  if (!mayRun(runbook, asker, subjects))
    throw new HoopError("denied", `${asker.name} may not run ${runbook.name}`, {
      hint: "spec.who of the runbook names the groups that may, and so does the permission runbooks.run",
    });
  if (runbook.as === null || (runbook.as === asker.name && asker.kind !== "person")) return asker;
  const machine = await subjects.byName(runbook.as);
  // Nobody acts under another person's name, whatever a runbook says.
  if (machine === null || machine.kind === "person")
    throw new HoopError(
      "precondition-failed",
      `${runbook.name} runs as ${runbook.as}, which is no service account in use`,
    );
  return machine;
}

/** Whom a run acts for, and what its token was bounded to, as they are kept with it. */
export interface Acting {
  readonly onBehalfOf: string | null;
  readonly bounds: NonNullable<Subject["bounds"]>;
}

export function actingOf({ onBehalfOf, bounds = [] }: Subject): Acting {
  return { onBehalfOf: onBehalfOf?.id ?? null, bounds };
}

/** The subject of a run as it is now, with all that bounds it; null: it, or whom it acts for, is not there any more. */
export async function subjectNow(
  id: string,
  acting: Acting,
  subjects: Pick<RunSubjects, "byId">,
): Promise<Subject | null> {
  const subject = await subjects.byId(id);
  const person = acting.onBehalfOf === null ? undefined : await subjects.byId(acting.onBehalfOf);
  if (subject === null || person === null) return null;
  return {
    ...subject,
    ...(person === undefined ? null : { onBehalfOf: person }),
    ...(acting.bounds.length === 0 ? null : { bounds: acting.bounds }),
  };
}
