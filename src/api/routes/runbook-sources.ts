import { z } from "zod";
import { checkBranch, checkFolder, gitAddress, type RunbookSource } from "../../runbooks/index.js";
import { deadline, HoopError } from "../../vocabulary/index.js";
import { principalOf } from "../access.js";
import type { Routes } from "../app.js";
import { runbooksOf } from "../runbooks-port.js";
import { isoOrNull, noContentSchema, timeSchema } from "../schemas.js";

const name = z
  .string()
  .regex(/^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/, "a source's name is lower case: letters, digits and -");
const one = z.object({ source: name });
const draftSchema = z.strictObject({
  url: z.string().max(1_000).describe("https://… or ssh://git@…"),
  branch: z.string().max(200).default("main"),
  folder: z.string().max(300).default(""),
  allowedSigners: z
    .string()
    .max(64 * 1024)
    .nullable()
    .default(null)
    .describe("OpenSSH's allowed_signers; null: commits need no signature."),
  mayActAs: z.array(z.string().max(100)).max(50).default([]).describe("Service accounts that its runbooks may run as."),
  ca: z
    .string()
    .max(64 * 1024)
    .nullable()
    .default(null)
    .describe("PEM of the authority behind an https server; null: the system's."),
  knownHosts: z
    .string()
    .max(64 * 1024)
    .nullable()
    .default(null)
    .describe("The server's host keys, as in known_hosts; for ssh."),
  secret: z
    .string()
    .max(16 * 1024)
    .nullish()
    .describe("https: a token or user:password; ssh: a private key. Never given back. Null removes it."),
});
const sourceSchema = draftSchema
  .omit({ secret: true })
  .extend({
    name: z.string(),
    syncedAt: timeSchema.nullable(),
    commit: z.string().nullable(),
    problem: z.string().nullable(),
  })
  .meta({ id: "RunbookSource" });
const syncSchema = z.object({
  commit: z.string().nullable(),
  changed: z.array(z.string()),
  removed: z.array(z.string()),
  problems: z.array(z.string()),
});

/** Git repositories that runbooks come from. */
export const runbookSourceRoutes: Routes = (app, { deps, change }) => {
  const { store, runbooks, fileRoot, putSecret, dropSecret } = runbooksOf(deps);
  const find = async (wanted: string) => (await store.sources()).find((source) => source.name === wanted);

  app.route({
    method: "GET",
    url: "/runbook-sources",
    config: { access: "runbooks.read" },
    schema: {
      summary: "Git repositories that runbooks come from",
      tags: ["runbooks"],
      response: { 200: z.object({ items: z.array(sourceSchema) }) },
    },
    handler: async () => ({ items: (await store.sources()).map(shown) }),
  });

  app.route({
    method: "PUT",
    url: "/runbook-sources/:source",
    config: { access: "runbooks.write" },
    schema: {
      summary: "Add or change a repository",
      tags: ["runbooks"],
      params: one,
      body: draftSchema,
      response: { 200: sourceSchema },
    },
    handler: async (request) => {
      const { secret, ...draft } = request.body;
      gitAddress(draft.url, fileRoot);
      const source = {
        ...draft,
        name: request.params.source,
        branch: checkBranch(draft.branch),
        folder: checkFolder(draft.folder),
      };
      return change(principalOf(request), async () => {
        const before = await find(source.name);
        // A secret is for the address that it was given for, and goes nowhere else.
        const moved = before !== undefined && before.url !== source.url && secret === undefined;
        if (secret === null || moved) await dropSecret(source.name);
        else if (secret !== undefined) await putSecret(source.name, secret);
        await store.putSource(source);
        const after = (await find(source.name))!;
        return {
          answer: shown(after),
          entry: {
            what: "runbook-source.written",
            target: source.name,
            before: before ? stateOf(before) : null,
            after: { ...stateOf(after), secretChanged: secret !== undefined || moved },
          },
        };
      });
    },
  });

  app.route({
    method: "DELETE",
    url: "/runbook-sources/:source",
    config: { access: "runbooks.write" },
    schema: {
      summary: "Remove a repository; its runbooks stay as they are",
      tags: ["runbooks"],
      params: one,
      response: { 204: noContentSchema },
    },
    handler: async (request, reply) => {
      const { source } = request.params;
      await change(principalOf(request), async () => {
        const before = await find(source);
        if (!before || !(await store.removeSource(source))) throw noSource();
        await dropSecret(source);
        return {
          answer: null,
          entry: { what: "runbook-source.removed", target: source, before: stateOf(before), after: null },
        };
      });
      return reply.code(204).send(null);
    },
  });

  app.route({
    method: "POST",
    url: "/runbook-sources/:source/sync",
    config: { access: "runbooks.write", rateLimit: { max: 20, timeWindow: 60_000 } },
    schema: {
      summary: "Look at a repository now",
      tags: ["runbooks"],
      params: one,
      body: z.strictObject({}).optional(),
      response: { 200: syncSchema },
    },
    handler: async (request) =>
      change(principalOf(request), async () => {
        const result = await runbooks.sync(request.params.source, deadline(90_000));
        if (result === null) throw noSource();
        const { commit, changed, removed, problems } = result;
        return {
          answer: { commit, changed: [...changed], removed: [...removed], problems: [...problems] },
          entry: {
            what: "runbook-source.synced",
            target: request.params.source,
            before: null,
            after: { commit, changed, removed, problems: problems.length },
          },
        };
      }),
  });
};

const noSource = () => new HoopError("not-found", "there is no such repository of runbooks");

function shown({ mayActAs, syncedAt, ...source }: RunbookSource): z.infer<typeof sourceSchema> {
  return { ...source, mayActAs: [...mayActAs], syncedAt: isoOrNull(syncedAt) };
}

function stateOf({ url, branch, folder, mayActAs, allowedSigners }: RunbookSource) {
  return { url, branch, folder, mayActAs, signed: allowedSigners !== null };
}
