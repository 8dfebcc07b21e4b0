import type { Duplex } from "node:stream";
import type { AdmitPorts } from "../../relay/admit.js";
import { admit } from "../../relay/admit.js";
import { actingOf, type RunSubjects, type StepTarget, subjectNow } from "../../runbooks/index.js";
import { createMemoryPipes } from "../../transport/memory/index.js";
import type { PipeAbort } from "../../transport/pipe.js";
import { pipeDuplex } from "../../transport/tls/index.js";
import { HoopError } from "../../vocabulary/index.js";

export interface RunLanePorts {
  readonly admission: AdmitPorts;
  readonly subjects: RunSubjects;
  readonly log: { error(fields: object, text: string): void };
}

/** One end of a lane that a step uses as its target. */
export interface RunLane {
  readonly stream: Duplex;
  /** Why the gateway ended it; null: it did not. */
  refusal(): HoopError | null;
}

/** How long a subject that was looked up counts; the lane is judged anew when its rights change. */
const laneMs = 24 * 3_600_000;

/** Opens a session as everybody's clients do, over pipes in memory: the same gate, the same recording, under the subject's own name. */
export function openRunLane({ admission, subjects, log }: RunLanePorts, target: StepTarget): RunLane {
  const [near, far] = createMemoryPipes(`run ${target.run}`);
  let ended: PipeAbort | null = null;
  const authenticator: AdmitPorts["authenticator"] = {
    async authenticate() {
      // Asked anew each time: whoever was disabled meanwhile opens nothing.
      const subject = await subjectNow(target.subject.id, actingOf(target.subject), subjects);
      if (subject === null) throw new HoopError("unauthenticated", `${target.subject.name} is disabled or gone`);
      return { subject, expires: new Date(Date.now() + laneMs), login: `run ${target.run}` };
    },
    watch: admission.authenticator.watch,
  };
  admit(
    { ...admission, authenticator },
    {
      client: far,
      token: "",
      connection: target.connection,
      from: `run ${target.run}`,
      run: target.run,
      cause: target.cause,
      opened: target.opened,
    },
  ).catch((error: unknown) => {
    log.error({ err: error, run: target.run }, "a run's lane failed while it was admitted");
    far.abort({ code: "internal", text: "this lane failed inside Hoop" });
  });
  const stream = pipeDuplex(near, {
    onClosed: (abort) => {
      ended = abort;
    },
  });
  stream.on("error", () => {});
  return {
    stream,
    refusal: () =>
      ended === null ? null : new HoopError(ended.code === "denied" ? "denied" : "unavailable", ended.text),
  };
}
