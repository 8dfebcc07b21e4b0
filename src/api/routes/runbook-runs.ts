import { randomUUID } from "node:crypto";
import { z } from "zod";
import {
  loadRunbook,
  mayRun,
  type Run,
  runbookLimits,
  runbookName,
  runStates,
  shownParameters,
} from "../../runbooks/index.js";
import { deadline, HoopError, type Subject } from "../../vocabulary/index.js";
import { type Principal, principalOf } from "../access.js";
import type { Routes } from "../app.js";
import { runDetailSchema, runSchema, shownRun, shownStep } from "../runbook-schemas.js";
import { runbooksOf } from "../runbooks-port.js";
import { cursorFrom, cursorTo, noContentSchema, pageQuerySchema, pageSchema } from "../schemas.js";
import { noRunbook } from "./runbooks.js";

const valueSchema = z.union([z.string().max(runbookLimits.value), z.number(), z.boolean()]);
const parametersSchema = z.record(z.string().max(60), valueSchema).default({});
const one = z.object({ run: z.uuid() });
const writes = { rateLimit: { max: 60, timeWindow: 60_000 } };
const dryStepSchema = z.object({
  name: z.string(),
  phase: z.enum(["step", "compensation"]),
  connection: z.string(),
  kind: z.enum(["sql", "run", "http"]),
  sends: z.string(),
  when: z.string().nullable(),
  outcome: z.enum(["allow", "deny", "hold", "challenge", "unknown"]),
  reasons: z.array(z.string()),
});

/** Runs of runbooks. One sees those that one asked for or that run as oneself; with the permission to read runbooks, all. */
export const runbookRunRoutes: Routes = (app, { deps }) => {
  const { store, runbooks, subjects } = runbooksOf(deps);

  /** For who may not run it, it is not there. */
  async function runnable(name: string, subject: Subject): Promise<void> {
    const stored = await store.get(name);
    if (stored === null || !mayRun(loadRunbook(stored.text), subject, subjects)) throw noRunbook(name);
  }

  app.route({
    method: "POST",
    url: "/runbooks/:runbook/runs",
    config: { access: "subject", ...writes },
    schema: {
      summary: "Run a runbook",
      description:
        "With a `key`, the same call twice is one run. The run goes on without the caller; its page says how it stands.",
      tags: ["runbooks"],
      params: z.object({ runbook: runbookName }),
      body: z.strictObject({ parameters: parametersSchema, key: z.string().min(1).max(100).optional() }),
      response: { 202: runSchema },
    },
    handler: async (request, reply) => {
      const { subject } = principalOf(request);
      const { runbook } = request.params;
      await runnable(runbook, subject);
      const { parameters, key = randomUUID() } = request.body;
      const run = await runbooks.runner.start({
        ...{ runbook, parameters, asker: subject, origin: "person", cause: [] },
        // One person's key is nobody else's.
        key: `person ${subject.id} ${key}`,
      });
      return reply.code(202).send(shownRun(run));
    },
  });

  app.route({
    method: "POST",
    url: "/runbooks/:runbook/dry-run",
    config: { access: "subject", ...writes },
    schema: {
      summary: "What a run would send, and what the rules say of it; no step is sent",
      tags: ["runbooks"],
      params: z.object({ runbook: runbookName }),
      body: z.strictObject({ parameters: parametersSchema }),
      response: { 200: z.object({ items: z.array(dryStepSchema) }) },
    },
    handler: async (request) => {
      const { subject } = principalOf(request);
      await runnable(request.params.runbook, subject);
      const { runbook } = request.params;
      const steps = await runbooks.runner.dryRun(
        { runbook, parameters: request.body.parameters, asker: subject },
        deadline(30_000),
      );
      return { items: steps.map((step) => ({ ...step, reasons: [...step.reasons] })) };
    },
  });

  app.route({
    method: "GET",
    url: "/runs",
    config: { access: "subject" },
    schema: {
      summary: "Runs, newest first",
      tags: ["runbooks"],
      querystring: pageQuerySchema.extend({
        runbook: runbookName.optional(),
        state: z.enum(runStates).optional(),
        all: z.stringbool().default(false).describe("Everybody's, with the permission to read runbooks."),
      }),
      response: { 200: pageSchema(runSchema) },
    },
    handler: async (request) => {
      const { subject, rights } = principalOf(request);
      const { runbook, state, all, limit, after } = request.query;
      if (all && !rights.has("runbooks.read")) throw new HoopError("denied", "you see your own runs only");
      const mark = after === undefined ? null : cursorTo(after, z.tuple([z.number().int(), z.uuid()]));
      const found = await store.runs({
        ...{ runbook, state, limit },
        party: all ? undefined : subject.id,
        before: mark === null ? undefined : { createdAt: new Date(mark[0]), id: mark[1] },
      });
      const last = found.at(-1);
      return {
        items: found.map(shownRun),
        next: last === undefined || found.length < limit ? null : cursorFrom([last.createdAt.getTime(), last.id]),
      };
    },
  });

  const isParty = (run: Run, { subject }: Principal) => run.asker.id === subject.id || run.subject.id === subject.id;

  async function seen(id: string, principal: Principal): Promise<Run> {
    const run = await store.run(id);
    if (run === null || !(isParty(run, principal) || principal.rights.has("runbooks.read")))
      throw new HoopError("not-found", "there is no such run", { hint: "hoop runbook runs" });
    return run;
  }

  app.route({
    method: "GET",
    url: "/runs/:run",
    config: { access: "subject" },
    schema: {
      summary: "One run: its parameters, and each step with what was sent and what came back",
      tags: ["runbooks"],
      params: one,
      response: { 200: runDetailSchema },
    },
    handler: async (request) => {
      const principal = principalOf(request);
      const run = await seen(request.params.run, principal);
      const [stored, values, steps] = await Promise.all([
        store.get(run.runbook, run.version),
        store.parameters(run.id),
        store.steps(run.id),
      ]);
      const party = isParty(run, principal);
      // What targets answered is for those whose run it is; others read it in the recorded sessions, as far as they may.
      const shown = steps.map(shownStep).map((step) => (party ? step : { ...step, result: null }));
      const parameters = stored === null ? {} : shownParameters(loadRunbook(stored.text).parameters, values);
      const mayCancel = run.endedAt === null && (party || principal.rights.has("runbooks.write"));
      return { ...shownRun(run), parameters: { ...parameters }, steps: shown, mayCancel };
    },
  });

  app.route({
    method: "POST",
    url: "/runs/:run/cancel",
    config: { access: "subject", ...writes },
    schema: {
      summary: "End a run; what it did is undone as the runbook says",
      tags: ["runbooks"],
      params: one,
      body: z.strictObject({}).optional(),
      response: { 204: noContentSchema },
    },
    handler: async (request, reply) => {
      const principal = principalOf(request);
      const run = await seen(request.params.run, principal);
      if (!isParty(run, principal) && !principal.rights.has("runbooks.write"))
        throw new HoopError("denied", "this is somebody else's run");
      await runbooks.runner.cancel(run.id, principal.subject);
      return reply.code(204).send(null);
    },
  });
};
