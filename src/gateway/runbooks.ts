import { createHash } from "node:crypto";
import type { ApiDeps } from "../api/index.js";
import type { RunbooksPort } from "../api/runbooks-port.js";
import type { Connections } from "../connections/index.js";
import type { RunbookRunner } from "../events/index.js";
import type { Identity } from "../identity/index.js";
import { connectAnalysis, type PolicySource } from "../policy/index.js";
import type { Recorder } from "../recording/index.js";
import type { AdmitPorts } from "../relay/admit.js";
import type { Reviews } from "../reviews/index.js";
import { createRunbooks, type RunConnections } from "../runbooks/index.js";
import type { SecretVault } from "../secrets/index.js";
import { createRunbookStore, resealRuns } from "../storage/runbooks.js";
import type { Store } from "../storage/store.js";
import type { Counters } from "../telemetry/index.js";
import { type Connection, HoopError, type Subject } from "../vocabulary/index.js";
import type { GatewayConfig } from "./config.js";
import type { Log } from "./log.js";
import { createRunApprovals } from "./runbooks/approvals.js";
import { createStepJudge } from "./runbooks/judge.js";
import { createStepLanes } from "./runbooks/step-lanes.js";
import { createRunSubjects } from "./runbooks/subjects.js";
import { createRunWitness } from "./runbooks/witness.js";

export interface RunbookParts {
  readonly config: Pick<GatewayConfig, "HOOP_RUNBOOKS_FILE_ROOT" | "HOOP_RUNS_DAYS">;
  readonly store: Store;
  readonly vault: SecretVault;
  readonly identity: Identity;
  readonly connections: Connections;
  readonly policy: PolicySource;
  readonly reviews: Reviews;
  readonly recorder: Recorder;
  readonly admission: AdmitPorts;
  readonly analyse: ApiDeps["analyse"];
  readonly replica: string;
  readonly log: Log;
  readonly counters: Counters;
}

/** Runbooks on what the assembly has made. */
export interface StartedRunbooks {
  readonly port: RunbooksPort;
  /** What rules call. */
  readonly runner: RunbookRunner;
  /** Runs that are under way or wait here. */
  active(): number;
  close(): Promise<void>;
}

const secretRef = (source: string) => ({ kind: "runbook-source", id: source });

export async function startRunbooks(parts: RunbookParts): Promise<StartedRunbooks> {
  const { vault, log, replica, connections, policy } = parts;
  const mayConnect = (subject: Subject, connection: Connection): boolean =>
    policy.current().decide({ subject, connection, analysis: connectAnalysis(connection), now: Date.now() }).verdict
      .outcome !== "deny";
  const keys = await vault.keyRing("runbooks");
  vault.reseals("runbooks", () => resealRuns(parts.store, keys));
  const store = createRunbookStore(parts.store, keys);
  const subjects = createRunSubjects(parts.store, parts.identity);
  const reach: RunConnections = {
    byName: (name) => connections.source.byName(name) ?? null,
    findFor: (subject) => (name) => {
      const found = connections.source.byName(name);
      return found && mayConnect(subject, found) ? found : null;
    },
  };
  const runbooks = createRunbooks({
    store,
    lanes: createStepLanes({ admission: parts.admission, subjects, log }, connections.source),
    judge: createStepJudge(parts.policy, parts.analyse),
    subjects,
    connections: reach,
    approvals: createRunApprovals(parts.reviews.desk),
    witness: createRunWitness(parts),
    log,
    replica,
    now: Date.now,
    keepDays: parts.config.HOOP_RUNS_DAYS,
    fileRoot: parts.config.HOOP_RUNBOOKS_FILE_ROOT ?? null,
    async secret(source) {
      return (await vault.get(secretRef(source)))?.reveal() ?? null;
    },
  });

  let closing: Promise<void> | null = null;

  async function asked(
    as: { readonly kind: "machine"; readonly name: string } | { readonly kind: "person"; readonly id: string },
  ): Promise<Subject> {
    const subject = as.kind === "machine" ? await subjects.byName(as.name) : await subjects.byId(as.id);
    if (subject === null || (as.kind === "machine" && subject.kind === "person"))
      throw new HoopError("denied", "whoever this is to run as is no subject in use");
    return subject;
  }

  return {
    port: {
      store,
      runbooks,
      subjects,
      fileRoot: parts.config.HOOP_RUNBOOKS_FILE_ROOT ?? null,
      putSecret: (source, secret) => vault.put(secretRef(source), secret),
      dropSecret: async (source) => void (await vault.delete(secretRef(source))),
    },
    runner: {
      async start({ runbook, parameters, as, cause, key }) {
        const asker = await asked(as);
        // A rule's key is as long as it likes; ours is not.
        const own = `rule ${createHash("sha256").update(key).digest("hex")}`;
        const run = await runbooks.runner.start({ runbook, parameters, asker, origin: "rule", cause, key: own });
        return run.id;
      },
    },
    active: () => runbooks.runner.active,
    close() {
      closing ??= runbooks.close();
      return closing;
    },
  };
}
