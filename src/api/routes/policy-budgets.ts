import { z } from "zod";
import { limitFor } from "../../policy/limits.js";
import type { Subject } from "../../vocabulary/index.js";
import { principalOf } from "../access.js";
import type { Routes } from "../app.js";

const usedSchema = z.object({
  rule: z.string(),
  measure: z.enum(["rows", "bytes", "statements", "subjects"]),
  per: z.enum(["session", "hour", "day"]),
  owner: z.string().describe("A subject's or a group's name, `*` for everybody, or a session's id."),
  used: z.number(),
  limit: z.number(),
  action: z
    .enum(["stop", "hold", "warn", "watch"])
    .describe("When it is used up; `watch`: only counted, the rule is in shadow mode."),
  roomAt: z
    .string()
    .nullable()
    .describe("When there is room again; null: there is now, or not before the session ends."),
});

/** What is used of budgets. */
export const policyBudgetRoutes: Routes = (app, { deps }) => {
  const { source, tools } = deps.policy;

  app.route({
    method: "GET",
    url: "/policy/budgets",
    config: { access: "subject" },
    schema: {
      summary: "What is used of which budget now",
      description:
        "With `policy.read` everybody's use; others their own, that of their sessions, and what they share with a group or everybody. Of sessions: those of the gateway that answers.",
      tags: ["policy"],
      querystring: z.object({ rule: z.string().max(64).optional() }),
      response: { 200: z.object({ items: z.array(usedSchema) }) },
    },
    handler: async (request) => {
      const { subject, rights } = principalOf(request);
      const { rules } = source.current();
      const mine = rights.has("policy.read") ? () => true : await shownTo(subject);
      const items = (tools?.budgets.list() ?? []).flatMap(({ key, used }) => {
        const found = limitFor(rules, key);
        if (found === null || !mine(key.owner)) return [];
        if (request.query.rule !== undefined && key.rule !== request.query.rule) return [];
        const at = used < found.limit ? null : tools!.budgets.roomAt(key, found.limit);
        const { rule, measure, window: per, owner } = key;
        return [{ rule, measure, per, owner, used, ...found, roomAt: at === null ? null : new Date(at).toISOString() }];
      });
      items.sort((a, b) => b.used / b.limit - a.used / a.limit);
      return { items: items.slice(0, maxItems) };
    },
  });

  async function shownTo({ id, name, groups }: Subject): Promise<(owner: string) => boolean> {
    const sessions = await deps.sessions.list({ subject: id, limit: maxItems });
    const own = new Set<string>([name, "*", ...groups, ...sessions.map((session) => session.id)]);
    return (owner) => own.has(owner);
  }
};

/** The fullest come first; nobody reads more. */
const maxItems = 1_000;
