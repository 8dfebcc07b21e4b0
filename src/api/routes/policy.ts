import { randomUUID } from "node:crypto";
import type { FastifyRequest } from "fastify";
import { z } from "zod";
import { applyDocuments } from "../../policy/apply-documents.js";
import { connectAnalysis } from "../../policy/connect.js";
import type { PolicyDocument } from "../../policy/documents/index.js";
import { parseDocument, parseDocuments } from "../../policy/parse-documents.js";
import { yamlOf } from "../../policy/plan-changes.js";
import { simulate } from "../../policy/simulate.js";
import { deadline, type Subject, subjectId } from "../../vocabulary/index.js";
import { denied, principalOf } from "../access.js";
import type { Routes } from "../app.js";
import { documentWithin, mayApply } from "../policy-scope.js";
import { documentVersionSchema, iso, timeSchema } from "../schemas.js";

const maxText = 4 * 1024 * 1024;
const loose = z.record(z.string(), z.unknown());
const changeSchema = z.object({
  action: z.enum(["create", "update", "delete", "unchanged"]),
  kind: z.string(),
  name: z.string(),
  lines: z.array(z.string()).describe("The document as YAML, each line marked `+`, `-` or blank."),
});
const documentsSchema = z.strictObject({
  text: z.string().max(maxText).describe("YAML or JSON: one or more documents."),
  source: z.string().max(200).optional().describe("What error messages call it."),
  prune: z.boolean().default(false).describe("Remove what the text does not name."),
});
const plannedSchema = z.object({
  changes: z.array(changeSchema),
  revision: z.number().int(),
  warnings: z.array(z.string()).describe("What is no reason to refuse, and should be known."),
});
const reasonSchema = z.object({ rule: z.string().nullable(), code: z.string(), text: z.string() });
const simulationSchema = z.object({
  outcome: z.enum(["allow", "deny", "hold", "challenge"]),
  reasons: z.array(reasonSchema),
  policyVersion: z.string(),
  rules: z.array(loose).describe("What every rule, and every criterion in it, said."),
  masks: z.array(loose),
  analysis: loose.nullable(),
});

/** Rules. */
export const policyRoutes: Routes = (app, { deps, change, now }) => {
  const { store, source, tools } = deps.policy;

  /** Documents that the caller may read. */
  function readable(request: FastifyRequest, documents: readonly PolicyDocument[]): readonly PolicyDocument[] {
    const { rights } = principalOf(request);
    return documents.filter((document) => documentWithin(rights, "policy.read", document));
  }

  /** What is stored, to be judged and then to be changed only as long as it is the same. */
  async function stored(): Promise<{ readonly revision: number; readonly documents: readonly PolicyDocument[] }> {
    const { revision, documents } = await store.read();
    return { revision, documents: documents.map((one) => parseDocument(one, "stored policy").document) };
  }

  app.route({
    method: "GET",
    url: "/policy",
    config: { access: "policy.read", scoped: true },
    schema: {
      summary: "Every document that you may read, as it was written",
      tags: ["policy"],
      response: {
        200: z.object({
          revision: z.number().int(),
          version: z.string(),
          problem: z.string().nullable(),
          documents: z.array(loose),
          yaml: z.string(),
        }),
      },
    },
    handler: async (request) => {
      const { rights } = principalOf(request);
      const kept = await store.read();
      const { version, documents } = source.current();
      const yaml = readable(request, documents).map(yamlOf).join("\n---\n");
      return {
        revision: kept.revision,
        version,
        problem: source.problem(),
        documents: kept.documents.filter(
          (one) => rights.has("policy.read") || documentWithin(rights, "policy.read", one as PolicyDocument),
        ) as Record<string, unknown>[],
        yaml,
      };
    },
  });

  app.route({
    method: "GET",
    url: "/policy/explain",
    config: { access: "policy.read", scoped: true },
    schema: {
      summary: "Every rule in force as a sentence",
      tags: ["policy"],
      response: {
        200: z.object({ version: z.string(), items: z.array(z.object({ rule: z.string(), text: z.string() })) }),
      },
    },
    handler: async (request) => {
      const set = source.current();
      const names = new Set<string>(readable(request, set.documents).map(({ metadata }) => metadata.name));
      return { version: set.version, items: set.explain().filter(({ rule }) => names.has(rule)) };
    },
  });

  app.route({
    method: "GET",
    url: "/policy/history",
    config: { access: "policy.read", scoped: true },
    schema: {
      summary: "Who changed which rule, newest first",
      tags: ["policy"],
      querystring: z.object({ limit: z.coerce.number().int().min(1).max(500).default(50) }),
      response: {
        200: z.object({
          items: z.array(documentVersionSchema),
        }),
      },
    },
    handler: async (request) => {
      const { rights } = principalOf(request);
      const may = (document: unknown) =>
        document === null || documentWithin(rights, "policy.read", document as PolicyDocument);
      const history = (await store.history(request.query.limit)).filter(
        ({ before, after }) => rights.has("policy.read") || (may(before) && may(after)),
      );
      return {
        items: history.map(({ revision, at, by, kind, name, before, after }) => ({
          revision,
          at: iso(at),
          by,
          kind,
          name,
          before,
          after,
        })),
      };
    },
  });

  app.route({
    method: "POST",
    url: "/policy/plan",
    bodyLimit: maxText + 65_536,
    config: { access: "policy.write", scoped: true },
    schema: {
      summary: "What applying would change; changes nothing",
      tags: ["policy"],
      body: documentsSchema,
      response: { 200: plannedSchema },
    },
    handler: async (request) => {
      const { text, source: from, prune } = request.body;
      const wanted = parseDocuments(text, from);
      const now = await stored();
      mayApply(principalOf(request).rights, now.documents, wanted, prune);
      const planned = await applyDocuments(store, wanted, {
        author: null,
        revision: now.revision,
        prune,
        dryRun: true,
        checks: tools?.checks,
      });
      return {
        revision: planned.revision,
        warnings: [...planned.warnings],
        changes: planned.changes.map((one) => ({ ...one, lines: [...one.lines] })),
      };
    },
  });

  app.route({
    method: "POST",
    url: "/policy/apply",
    bodyLimit: maxText + 65_536,
    config: { access: "policy.write", scoped: true },
    schema: {
      summary: "Apply documents, all or nothing",
      description: "With `revision` (of a plan) it refuses when policy has changed since.",
      tags: ["policy"],
      body: documentsSchema.extend({ revision: z.number().int().optional() }),
      response: { 200: plannedSchema },
    },
    handler: async (request) => {
      const { subject, rights } = principalOf(request);
      const { text, source: from, prune, revision } = request.body;
      const wanted = parseDocuments(text, from);
      const applied = await change({ subject }, async () => {
        const { revision: before, documents } = await stored();
        mayApply(rights, documents, wanted, prune);
        const result = await applyDocuments(store, wanted, {
          author: { subject: subject.id, name: subject.name },
          prune,
          // What was judged is what is changed.
          revision: revision ?? (rights.has("policy.write") ? undefined : before),
          checks: tools?.checks,
        });
        const changes = result.changes.filter((one) => one.action !== "unchanged");
        return {
          answer: result,
          entry: {
            what: "policy.applied",
            target: "policy",
            before: { revision: before },
            after: { revision: result.revision, changes },
          },
        };
      });
      return {
        revision: applied.revision,
        warnings: [...applied.warnings],
        changes: applied.changes.map((one) => ({ ...one, lines: [...one.lines] })),
      };
    },
  });

  app.route({
    method: "POST",
    url: "/policy/simulate",
    config: { access: "policy.read", scoped: true },
    schema: {
      summary: "What would happen if: a subject, a connection, a statement, a time",
      description: "Decides and tells what every rule said; runs nothing. Without a statement: opening the connection.",
      tags: ["policy"],
      body: z.strictObject({
        subject: z.union([
          z.string().max(64),
          z.strictObject({
            name: z.string().max(64),
            groups: z.array(z.string().max(64)).max(200),
            kind: z.enum(["person", "service", "agent"]).default("person"),
          }),
        ]),
        connection: z.string().max(64),
        statement: z.string().max(1_000_000).optional(),
        database: z.string().max(63).optional(),
        at: timeSchema.optional(),
      }),
      response: { 200: simulationSchema },
    },
    handler: async (request) => {
      const { statement, database = null, at } = request.body;
      const connection = deps.connections.get(request.body.connection);
      if (!principalOf(request).rights.hasOn("policy.read", connection))
        throw denied("policy.read", `that on ${connection.name}`);
      const subject = await subjectOf(request.body.subject);
      const analysis =
        statement === undefined
          ? connectAnalysis(connection)
          : await deps.analyse(connection, statement, database, deadline(10_000));
      const result = simulate(source.current(), {
        subject,
        connection,
        analysis,
        now: at === undefined ? now() : Date.parse(at),
      });
      const { outcome, reasons, policyVersion } = result.decision.verdict;
      const plain = <T>(value: T) => JSON.parse(JSON.stringify(value)) as Record<string, unknown>[];
      return {
        outcome,
        reasons: reasons.map((reason) => ({ ...reason })),
        policyVersion,
        rules: plain(result.rules),
        masks: plain(result.masks),
        analysis: statement === undefined ? null : { ...analysis },
      };
    },
  });

  async function subjectOf(
    wanted: string | { name: string; groups: string[]; kind: Subject["kind"] },
  ): Promise<Subject> {
    if (typeof wanted !== "string") return { id: subjectId(randomUUID()), version: 0, ...wanted };
    const { id, kind, name, groups, version } = await deps.identity.users.get(wanted);
    return { id, kind, name, groups, version };
  }
};
