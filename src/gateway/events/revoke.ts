import type { Identity } from "../../identity/index.js";
import type { Recorder } from "../../recording/index.js";
import type { Reviews } from "../../reviews/index.js";
import { HoopError, type Subject, subjectId } from "../../vocabulary/index.js";

const system = "00000000-0000-4000-8000-000000000000";

/** Takes from a subject what it has, because a rule says so; written down under the rule's name. */
export function revoking(parts: {
  readonly identity: Identity;
  readonly reviews: () => Reviews;
  readonly recorder: Recorder;
}) {
  return async (
    subject: string,
    what: readonly ("user" | "logins" | "grants")[],
    { rule, event }: { readonly rule: string; readonly event: string },
  ): Promise<string> => {
    const { identity } = parts;
    const id = subjectId(subject);
    const by: Subject = { id: subjectId(system), kind: "service", name: `reaction ${rule}`, groups: [], version: 0 };
    const done: string[] = [];
    if (what.includes("user")) {
      await identity.users.change(id, { disabled: true });
      done.push("disabled");
    }
    if (what.includes("logins")) {
      const logins = await identity.logins.list(id);
      for (const login of logins) await identity.logins.end(login.id, id, `reaction ${rule}`);
      done.push(`${logins.length} logins ended`);
    }
    if (what.includes("grants")) {
      const grants = await parts.reviews().listGrants({ subject: id, live: true, limit: 500 });
      for (const grant of grants) {
        await parts
          .reviews()
          .endGrant(grant.id, by, true)
          .catch((error: unknown) => {
            // It ended by itself meanwhile.
            if (!(error instanceof HoopError && error.code === "conflict")) throw error;
          });
      }
      done.push(`${grants.length} grants ended`);
    }
    const words = done.join(", ");
    await new Promise<void>((resolve, reject) => {
      parts.recorder.append(
        {
          kind: "change",
          actor: { subject: system, name: by.name, system: true },
          what: "reaction.revoked",
          target: subject,
          before: null,
          after: { rule, event, what, done: words },
        },
        (error) => (error === null ? resolve() : reject(error)),
      );
    });
    return words;
  };
}
