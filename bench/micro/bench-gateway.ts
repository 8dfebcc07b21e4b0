import { randomUUID } from "node:crypto";
import { planMasks } from "../../src/masking/index.js";
import { compilePolicy, defaultDocuments, mintPermit } from "../../src/policy/index.js";
import type { GatePorts } from "../../src/relay/context.js";
import { createOpenSessions } from "../../src/relay/open-sessions.js";
import type { PumpPorts } from "../../src/relay/pump.js";
import { type Subject, subjectId } from "../../src/vocabulary/index.js";
import { startBenchRecorder } from "./bench-recorder.js";

export const subject: Subject = {
  id: subjectId(randomUUID()),
  kind: "person",
  name: "alice@example.com",
  groups: ["engineers"],
  version: 1,
};

/** What the gates of a bench read, that depends on the protocol. */
export type BenchReading = Pick<GatePorts, "analysers" | "show"> & { readonly read: GatePorts["catalogues"]["read"] };

/** A gateway without its transport: a real gate, the default policy and a journal in a temporary folder. */
export async function startBenchGateway({ analysers, show, read }: BenchReading, group?: number) {
  const { recorder, close } = await startBenchRecorder(group);
  const policy = compilePolicy(defaultDocuments);
  const ports: PumpPorts = {
    gate: {
      policy: { current: () => policy, watch: () => () => {} },
      mintPermit,
      planMasks,
      analysers,
      catalogues: { read, invalidate() {}, watch: () => () => {}, release() {}, leave() {}, close() {} },
      recorder,
      show,
      staleness: () => 0,
      maxStaleMs: 60_000,
      now: Date.now,
    },
    open: createOpenSessions(),
    dial: () => Promise.reject(new Error("replaced by each session")),
    serverCertificate: () => Promise.reject(new Error("no TLS here")),
    directory: { register() {}, end() {} },
    log: { warn: (fields, text) => console.error(text, fields) },
  };
  return { recorder, ports, close };
}
