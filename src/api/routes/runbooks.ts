import { z } from "zod";
import {
  loadRunbook,
  mayRun,
  type Runbook,
  runbookLimits,
  runbookName,
  type StoredRunbook,
} from "../../runbooks/index.js";
import { HoopError, hoopErrorFrom } from "../../vocabulary/index.js";
import { principalOf } from "../access.js";
import type { Routes } from "../app.js";
import { originText, runbookSchema, runbookSummarySchema, shownRunbook, shownSummary } from "../runbook-schemas.js";
import { runbooksOf } from "../runbooks-port.js";
import { iso, noContentSchema, timeSchema } from "../schemas.js";

const one = z.object({ runbook: runbookName });
const textSchema = z.strictObject({ text: z.string().max(runbookLimits.text) });

/** Runbooks: what there is, as far as one may run it or read all. */
export const runbookRoutes: Routes = (app, { deps, change }) => {
  const { store, subjects } = runbooksOf(deps);

  function read(stored: StoredRunbook): Runbook | string {
    try {
      return loadRunbook(stored.text);
    } catch (error) {
      return hoopErrorFrom(error, "it cannot be read").message;
    }
  }

  app.route({
    method: "GET",
    url: "/runbooks",
    config: { access: "subject" },
    schema: {
      summary: "Runbooks that you may run; with the permission to read them, all",
      tags: ["runbooks"],
      response: { 200: z.object({ items: z.array(runbookSummarySchema) }) },
    },
    handler: async (request) => {
      const { subject, rights } = principalOf(request);
      const items = (await store.list()).flatMap((stored) => {
        const runbook = read(stored);
        const may = typeof runbook !== "string" && mayRun(runbook, subject, subjects);
        return may || rights.has("runbooks.read") ? [shownSummary(stored, runbook, may)] : [];
      });
      return { items };
    },
  });

  app.route({
    method: "GET",
    url: "/runbooks/:runbook",
    config: { access: "subject" },
    schema: {
      summary: "One runbook: its text, parameters and steps",
      tags: ["runbooks"],
      params: one,
      querystring: z.object({ version: z.coerce.number().int().min(1).optional() }),
      response: { 200: runbookSchema },
    },
    handler: async (request) => {
      const { subject, rights } = principalOf(request);
      const stored = await store.get(request.params.runbook, request.query.version);
      const runbook = stored && read(stored);
      const may = runbook !== null && typeof runbook !== "string" && mayRun(runbook, subject, subjects);
      if (stored === null || runbook === null || !(may || rights.has("runbooks.read")))
        throw noRunbook(request.params.runbook);
      if (typeof runbook === "string") throw new HoopError("precondition-failed", runbook);
      return shownRunbook(stored, runbook, may);
    },
  });

  app.route({
    method: "GET",
    url: "/runbooks/:runbook/versions",
    config: { access: "runbooks.read" },
    schema: {
      summary: "Versions of a runbook, newest first",
      tags: ["runbooks"],
      params: one,
      response: {
        200: z.object({
          items: z.array(
            z.object({
              version: z.number().int(),
              hash: z.string(),
              origin: z.string(),
              by: z.string(),
              at: timeSchema,
            }),
          ),
        }),
      },
    },
    handler: async (request) => ({
      items: (await store.versions(request.params.runbook)).map(({ version, hash, origin, by, at }) => ({
        version,
        hash,
        origin: originText({ origin }),
        by: by.name,
        at: iso(at),
      })),
    }),
  });

  app.route({
    method: "PUT",
    url: "/runbooks/:runbook",
    config: { access: "runbooks.write" },
    schema: {
      summary: "Write a runbook: a new version, unless nothing has changed",
      tags: ["runbooks"],
      params: one,
      body: textSchema,
      response: { 200: runbookSchema },
    },
    handler: async (request) => {
      const principal = principalOf(request);
      const { text } = request.body;
      const runbook = loadRunbook(text);
      if (runbook.name !== request.params.runbook)
        throw new HoopError("invalid", `the text is of a runbook named ${runbook.name}`);
      await checkMachine(runbook);
      const { subject } = principal;
      return change(principal, async () => {
        const before = await store.get(runbook.name);
        const by = { id: subject.id, name: subject.name };
        const stored = await store.put({ name: runbook.name, text, hash: runbook.hash, origin: { kind: "store" }, by });
        return {
          answer: shownRunbook(stored, runbook, mayRun(runbook, subject, subjects)),
          entry: {
            what: "runbook.written",
            target: runbook.name,
            before: before && stateOf(before),
            after: stateOf(stored),
          },
        };
      });
    },
  });

  async function checkMachine(runbook: Runbook): Promise<void> {
    if (runbook.as === null) return;
    const machine = await subjects.byName(runbook.as);
    if (machine === null || machine.kind === "person")
      throw new HoopError("invalid", `${runbook.as} is no service account`, {
        hint: "a runbook never runs under another person's name",
      });
  }

  app.route({
    method: "DELETE",
    url: "/runbooks/:runbook",
    config: { access: "runbooks.write" },
    schema: {
      summary: "Remove a runbook; its versions and runs stay in the store",
      tags: ["runbooks"],
      params: one,
      response: { 204: noContentSchema },
    },
    handler: async (request, reply) => {
      const name = request.params.runbook;
      await change(principalOf(request), async () => {
        const before = await store.get(name);
        if (before === null || !(await store.remove(name))) throw noRunbook(name);
        return { answer: null, entry: { what: "runbook.removed", target: name, before: stateOf(before), after: null } };
      });
      return reply.code(204).send(null);
    },
  });
};

const stateOf = (stored: StoredRunbook) => ({ version: stored.version, hash: stored.hash, origin: originText(stored) });

/** The same words for what is not there and what one may not see. */
export function noRunbook(name: string): HoopError {
  return new HoopError("not-found", `there is no runbook ${JSON.stringify(name.slice(0, 63))}, or you may not run it`, {
    hint: "hoop runbook ls",
  });
}
