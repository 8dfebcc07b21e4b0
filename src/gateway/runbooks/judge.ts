import type { ApiDeps } from "../../api/index.js";
import { connectAnalysis, type PolicySource } from "../../policy/index.js";
import { requestAnalyser } from "../../protocols/http/statement.js";
import { targetOf as httpTargetOf } from "../../protocols/http/target.js";
import { pathNamer } from "../../protocols/http/template.js";
import { requestAnalysis } from "../../protocols/ssh/analysis.js";
import { targetOf as sshTargetOf } from "../../protocols/ssh/target.js";
import type { Sending, StepJudge } from "../../runbooks/index.js";
import { type Analysis, type Connection, hoopErrorFrom, type Subject } from "../../vocabulary/index.js";

/** What the rules would say of a step. Budgets and second factors are looked at when it runs. */
export function createStepJudge(policy: PolicySource, analyse: ApiDeps["analyse"]): StepJudge {
  return {
    async judge(subject, connection, sending, signal) {
      const access = decided(policy, subject, connection, connectAnalysis(connection));
      if (access.outcome === "deny") return access;
      try {
        return decided(policy, subject, connection, await analysisOf(connection, sending, analyse, signal));
      } catch (error) {
        return {
          outcome: "unknown",
          reasons: [`what the rules say is not known before it runs: ${hoopErrorFrom(error).message}`],
        };
      }
    },
  };
}

function decided(policy: PolicySource, subject: Subject, connection: Connection, analysis: Analysis) {
  const { verdict } = policy
    .current()
    .decide({ subject, connection, analysis, now: Date.now(), freshness: () => null });
  return { outcome: verdict.outcome, reasons: verdict.reasons.map(({ text }) => text) };
}

async function analysisOf(
  connection: Connection,
  sending: Sending,
  analyse: ApiDeps["analyse"],
  signal: AbortSignal,
): Promise<Analysis> {
  switch (sending.kind) {
    case "sql":
      return analyse(connection, sending.text, sending.database, signal);
    case "run": {
      const target = sshTargetOf(connection);
      return requestAnalysis({ kind: "exec", command: sending.command }, target.user ?? "", false, target).analysis;
    }
    case "http": {
      const { method, path, headers } = sending.request;
      const target = httpTargetOf(connection);
      const at = path.indexOf("?");
      return requestAnalyser(
        connection.name,
        pathNamer(target.paths),
        target,
      )({
        method,
        path: at < 0 ? path : path.slice(0, at),
        query: at < 0 ? "" : path.slice(at),
        contentType: headers["content-type"] ?? null,
        upgrade: null,
        headers: Object.keys(headers),
      });
    }
  }
}
