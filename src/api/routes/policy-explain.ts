import { z } from "zod";
import { explainFor } from "../../policy/explain-for.js";
import { gridCells, gridRows } from "../../policy/grid.js";
import { HoopError, type Subject } from "../../vocabulary/index.js";
import { denied, principalOf } from "../access.js";
import type { Routes } from "../app.js";

const explainedSchema = z.object({
  subject: z.string(),
  connection: z.string(),
  connect: z.object({ outcome: z.string(), reasons: z.array(z.string()) }),
  effects: z.array(z.string()),
  sentences: z.array(z.string()).describe("The whole story, to be read from the top."),
  rules: z.array(
    z.object({ rule: z.string(), kind: z.string(), mode: z.enum(["enforce", "shadow"]), text: z.string() }),
  ),
});

/** What rules mean for somebody, and for protocols. */
export const policyExplainRoutes: Routes = (app, { deps, now }) => {
  const { source, tools } = deps.policy;

  app.route({
    method: "GET",
    url: "/policy/explain/:connection",
    config: { access: "subject" },
    schema: {
      summary: "What somebody may do on a connection, and why",
      description:
        "Everybody may ask for themselves, and is told what rules mean for them there and nothing of others; with `policy.read` for everybody, and each rule whole.",
      tags: ["policy"],
      params: z.object({ connection: z.string().max(64) }),
      querystring: z.object({ subject: z.string().max(64).optional() }),
      response: { 200: explainedSchema },
    },
    handler: async (request) => {
      const { subject: asking, rights } = principalOf(request);
      const name = request.query.subject ?? asking.name;
      if (name !== asking.name && !rights.hasSomewhere("policy.read")) throw denied("policy.read", "that for others");
      const subject = name === asking.name ? asking : await subjectNamed(name);
      // Whoever has nothing to do with a connection cannot tell it from one that is not there.
      const unknown = new HoopError(
        "not-found",
        `no connection is named "${request.params.connection.slice(0, 63)}", or you may not use it`,
      );
      const connection = deps.connections.source.byName(request.params.connection);
      if (!connection) throw unknown;
      const reads = rights.hasOn("policy.read", connection);
      if (name !== asking.name && !reads) throw unknown;
      const grants = tools?.grants(subject.id) ?? [];
      const explained = explainFor(source.current(), { subject, connection, now: now(), grants }, { own: !reads });
      const concerned = explained.rules.some(({ kind }) => kind === "access" || kind === "grant" || kind === "request");
      if (!concerned && !reads) throw unknown;
      return {
        ...explained,
        connect: { ...explained.connect, reasons: [...explained.connect.reasons] },
        effects: [...explained.effects],
        sentences: [...explained.sentences],
        rules: [...explained.rules],
      };
    },
  });

  app.route({
    method: "GET",
    url: "/policy/grid",
    config: { access: "policy.read", scoped: true },
    schema: {
      summary: "What rules can say, and which protocols honour it",
      tags: ["policy"],
      response: {
        200: z.object({
          protocols: z.array(z.object({ name: z.string(), title: z.string() })),
          rows: z.array(
            z.object({
              group: z.string(),
              what: z.string(),
              cells: z.array(
                z.object({
                  protocol: z.string(),
                  lacks: z.array(z.string()).describe("Empty: it is enforced; else connections are refused."),
                }),
              ),
            }),
          ),
        }),
      },
    },
    handler: async () => {
      const protocols = tools?.protocols ?? [];
      return {
        protocols: protocols.map(({ name, title }) => ({ name, title })),
        rows: gridRows().map((row) => ({
          group: row.group,
          what: row.what,
          cells: gridCells(row, protocols).map(({ protocol, lacks }) => ({ protocol, lacks: [...lacks] })),
        })),
      };
    },
  });

  async function subjectNamed(name: string): Promise<Subject> {
    const { id, kind, name: login, email, groups, version } = await deps.identity.users.get(name);
    return { id, kind, name: login, ...(email === null ? {} : { email }), groups, version };
  }
};
