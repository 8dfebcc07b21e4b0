import { z } from "zod";
import { applyDocuments } from "../../policy/apply-documents.js";
import { compilePolicy } from "../../policy/compile.js";
import type { PolicyDocument } from "../../policy/documents/index.js";
import { parseDocument, parseDocuments } from "../../policy/parse-documents.js";
import { replay } from "../../policy/replay/replay.js";
import { shadowReport } from "../../policy/replay/shadow-report.js";
import { deadline, HoopError } from "../../vocabulary/index.js";
import { principalOf } from "../access.js";
import type { Routes } from "../app.js";
import type { PolicyTools } from "../policy-port.js";
import { mayApply } from "../policy-scope.js";
import { iso, timeSchema } from "../schemas.js";

const maxText = 4 * 1024 * 1024;
/** A replay of a month takes a minute; longer is a mistake. */
const deadlineMs = 10 * 60_000;
const maxDays = 400;

const hours = z.coerce
  .number()
  .min(0.01)
  .max(maxDays * 24)
  .describe("How far back, in hours.");
const outcome = z.enum(["allow", "deny", "hold", "challenge"]);

/** What was recorded, looked at with other eyes. */
export const policyReplayRoutes: Routes = (app, { deps, change, now }) => {
  const { store, source } = deps.policy;

  app.route({
    method: "POST",
    url: "/policy/replay",
    bodyLimit: maxText + 65_536,
    config: { access: "policy.read" },
    schema: {
      summary: "What other rules would have made of what was recorded",
      description:
        "Decides recorded statements by the rules in force with these documents put over them. Values, second factors, budgets and estimates were not kept: where a rule rests on them, the outcome is `unknown`.",
      tags: ["policy"],
      body: z.strictObject({
        text: z.string().max(maxText),
        source: z.string().max(200).optional(),
        prune: z.boolean().default(false).describe("As if what the text does not name were removed."),
        hours,
      }),
      response: {
        200: z.object({
          since: timeSchema,
          until: timeSchema,
          statements: z.number().int(),
          same: z.number().int(),
          totals: z.record(z.string(), z.number().int()),
          unlisted: z.number().int(),
          groups: z
            .object({ recorded: z.number().int(), today: z.number().int() })
            .describe("Statements by where their subject's groups are from: recorded with the session, or today's."),
          changes: z.array(
            z.object({
              subject: z.string(),
              connection: z.string(),
              shape: z.string(),
              before: outcome,
              after: z.enum([...outcome.options, "unknown"]),
              reasons: z.array(z.string()),
              masks: z.array(z.string()),
              count: z.number().int(),
              statements: z.array(z.string()),
              first: timeSchema,
              last: timeSchema,
            }),
          ),
        }),
      },
    },
    handler: async (request) => {
      const { text, source: from, prune, hours: back } = request.body;
      const wanted = parseDocuments(text, from);
      const current = source.current();
      const names = new Set(wanted.map(({ metadata }) => metadata.name));
      const kept = prune ? [] : current.documents.filter(({ metadata }) => !names.has(metadata.name));
      const { history, today } = toolsOf();
      const until = now();
      const since = until - back * 3_600_000;
      const signal = deadline(deadlineMs, closedOf(request.raw));
      const report = await replay(current, compilePolicy([...kept, ...wanted]), history, today, {
        since,
        until,
        signal,
      });
      return {
        ...report,
        since: iso(new Date(since)),
        until: iso(new Date(until)),
        totals: { ...report.totals },
        changes: report.changes.map((one) => ({
          ...one,
          reasons: [...one.reasons],
          masks: [...one.masks],
          statements: [...one.statements],
          first: iso(new Date(one.first)),
          last: iso(new Date(one.last)),
        })),
      };
    },
  });

  app.route({
    method: "GET",
    url: "/policy/shadows",
    config: { access: "policy.read" },
    schema: {
      summary: "What rules in shadow mode would have done",
      tags: ["policy"],
      querystring: z.object({ rule: z.string().max(63).optional(), hours: hours.default(168) }),
      response: {
        200: z.object({
          since: timeSchema,
          items: z.array(
            z.object({
              rule: z.string(),
              count: z.number().int(),
              because: z.string(),
              hits: z.array(
                z.object({
                  subject: z.string(),
                  connection: z.string(),
                  outcome,
                  count: z.number().int(),
                  last: timeSchema,
                  shapes: z.array(z.object({ shape: z.string(), count: z.number().int(), statement: z.string() })),
                }),
              ),
            }),
          ),
          watching: z.array(z.string()).describe("Rules that are in shadow mode now."),
        }),
      },
    },
    handler: async (request) => {
      const until = now();
      const since = until - request.query.hours * 3_600_000;
      const signal = deadline(deadlineMs, closedOf(request.raw));
      const found = await shadowReport(toolsOf().history, { rule: request.query.rule, since, until, signal });
      return {
        since: iso(new Date(since)),
        items: found.map(({ hits, ...rest }) => ({
          ...rest,
          hits: hits.map((hit) => ({ ...hit, last: iso(new Date(hit.last)), shapes: [...hit.shapes] })),
        })),
        watching: source
          .current()
          .rules.filter(({ mode }) => mode === "shadow")
          .map(({ id }) => String(id)),
      };
    },
  });

  app.route({
    method: "POST",
    url: "/policy/rules/:rule/enforce",
    config: { access: "policy.write", scoped: true },
    schema: {
      summary: "Enforce a rule that only watches, or is off",
      description: "Applies its document with `mode: enforce`; tests and checks count as for any change.",
      tags: ["policy"],
      params: z.object({ rule: z.string().max(63) }),
      body: z.strictObject({ revision: z.number().int().optional() }).optional(),
      response: {
        200: z.object({
          revision: z.number().int(),
          changed: z.boolean(),
          lines: z.array(z.string()),
          warnings: z.array(z.string()),
        }),
      },
    },
    handler: async (request) => {
      const { subject, rights } = principalOf(request);
      const { rule } = request.params;
      return change({ subject }, async () => {
        const stored = await store.read();
        const before = stored.documents
          .map((document) => parseDocument(document, "stored policy").document)
          .find(({ metadata }) => metadata.name === rule);
        if (!before || before.kind === "test")
          throw new HoopError("not-found", `no rule is named "${rule.slice(0, 63)}"`);
        mayApply(rights, [before], [enforced(before)], false);
        const applied = await applyDocuments(store, [enforced(before)], {
          author: { subject: subject.id, name: subject.name },
          revision: request.body?.revision ?? stored.revision,
          checks: deps.policy.tools?.checks,
        });
        const one = applied.changes.find(({ name }) => name === rule)!;
        return {
          answer: {
            revision: applied.revision,
            changed: one.action !== "unchanged",
            lines: [...one.lines],
            warnings: [...applied.warnings],
          },
          entry: {
            what: "policy.enforced",
            target: rule,
            before: { revision: stored.revision, document: before },
            after: { revision: applied.revision, document: enforced(before) },
          },
        };
      });
    },
  });

  function toolsOf(): PolicyTools {
    const { tools } = deps.policy;
    if (!tools) throw new HoopError("unsupported", "this gateway keeps no recordings to look at");
    return tools;
  }
};

function enforced(document: PolicyDocument): PolicyDocument {
  const { enabled: _, mode: __, ...spec } = document.spec;
  return { ...document, spec: { ...spec, mode: "enforce" } };
}

/** Ends when nobody waits for the answer any more. */
function closedOf(raw: { readonly socket: { once(event: "close", listener: () => void): unknown } }): AbortSignal {
  const gone = new AbortController();
  raw.socket.once("close", () => gone.abort());
  return gone.signal;
}
