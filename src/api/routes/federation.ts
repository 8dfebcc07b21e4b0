import { z } from "zod";
import { boundTermsSchema, type StoredTrust, termsFrom } from "../../identity/machines/index.js";
import { HoopError } from "../../vocabulary/index.js";
import { principalOf } from "../access.js";
import type { Routes } from "../app.js";
import { iso, noContentSchema, timeSchema } from "../schemas.js";

const claimsSchema = z
  .record(
    z.string().min(1).max(64),
    z.union([z.string().min(1).max(500), z.array(z.string().min(1).max(500)).min(1).max(50)]),
  )
  .refine((claims) => Object.keys(claims).length >= 1 && Object.keys(claims).length <= 20, "1 to 20 claims")
  .describe(
    "All claims must fit one of their patterns; `*` stands for anything: `{ repository: octo/app, ref: refs/heads/main }`.",
  );
const trustSchema = z
  .object({
    name: z.string(),
    account: z.string(),
    issuer: z.string(),
    audience: z.string(),
    claims: z.record(z.string(), z.array(z.string())),
    condition: z.string().nullable(),
    bounds: boundTermsSchema,
    tokenSeconds: z.number().int(),
    singleUse: z.boolean(),
    createdAt: timeSchema,
    createdBy: z.string(),
  })
  .meta({ id: "FederationTrust" });
const named = z.object({ name: z.string().max(64) });

/** Whose workload tokens are taken, and for which service account. */
export const federationRoutes: Routes = (app, { deps, options, change }) => {
  const { machines } = deps;
  const { roles } = deps.identity;

  async function shown(trust: StoredTrust): Promise<z.infer<typeof trustSchema>> {
    const account = (await machines.list()).find(({ id }) => id === trust.subject)?.name ?? "";
    return {
      name: trust.name,
      account,
      issuer: trust.issuer,
      audience: trust.audience,
      claims: Object.fromEntries(Object.entries(trust.claims).map(([name, patterns]) => [name, [...patterns]])),
      condition: trust.condition,
      bounds: trust.bounds as z.infer<typeof boundTermsSchema>,
      tokenSeconds: trust.lifeSeconds,
      singleUse: trust.singleUse,
      createdAt: iso(trust.createdAt),
      createdBy: trust.createdBy,
    };
  }

  app.route({
    method: "GET",
    url: "/federation",
    config: { access: "machines.read" },
    schema: {
      summary: "Trusted issuers of workload tokens",
      tags: ["machines"],
      response: { 200: z.object({ items: z.array(trustSchema) }) },
    },
    handler: async () => ({ items: await Promise.all((await machines.trusts.list()).map(shown)) }),
  });

  app.route({
    method: "PUT",
    url: "/federation/:name",
    config: { access: "machines.write" },
    schema: {
      summary: "Trust an issuer's workload tokens, or change a trust; what was got under it before ends",
      description: "Nobody trusts others to become an account that may more than they do.",
      tags: ["machines"],
      params: named,
      body: z.strictObject({
        account: z.string().max(64).describe("The service account that such a workload becomes."),
        issuer: z.string().max(500).describe("As in the tokens, to the letter."),
        audience: z
          .string()
          .min(1)
          .max(500)
          .optional()
          .describe("What tokens must be made for, alone; left out: this gateway's public URL."),
        claims: claimsSchema,
        condition: z.string().max(1_000).nullish().describe('CEL over `claims`: `claims.environment == "prod"`.'),
        bounds: boundTermsSchema.default({}),
        tokenSeconds: z.number().int().min(60).max(3_600).default(900),
        singleUse: z
          .boolean()
          .default(true)
          .describe("Each workload token is good for one exchange; it needs a `jti`."),
      }),
      response: { 200: trustSchema },
    },
    handler: async (request) => {
      const principal = principalOf(request);
      const { account, issuer, claims, condition, bounds, tokenSeconds, singleUse } = request.body;
      const audience = request.body.audience ?? options.publicUrl;
      if (audience === null)
        throw new HoopError("invalid", "say for which audience tokens must be made", {
          hint: "or set HOOP_PUBLIC_URL",
        });
      const machine = await machines.get(account);
      await roles.verify(roles.checks.machine(principal.subject, machine.id));
      return change(principal, async () => {
        const { before, after } = await machines.trusts.put(
          {
            name: request.params.name,
            claims: Object.fromEntries(
              Object.entries(claims).map(([name, fit]) => [name, typeof fit === "string" ? [fit] : fit]),
            ),
            condition: condition ?? null,
            bounds: termsFrom(bounds),
            lifeSeconds: tokenSeconds,
            ...{ issuer, audience, singleUse },
          },
          machine,
          principal.subject,
        );
        const answer = await shown(after);
        const entry = {
          what: "federation.trusted",
          target: after.name,
          before: before && (await shown(before)),
          after: answer,
        };
        return { answer, entry };
      });
    },
  });

  app.route({
    method: "DELETE",
    url: "/federation/:name",
    config: { access: "machines.write" },
    schema: {
      summary: "Trust an issuer no more; what was got under it ends within a second",
      tags: ["machines"],
      params: named,
      response: { 204: noContentSchema },
    },
    handler: async (request, reply) => {
      await change(principalOf(request), async () => {
        const removed = await machines.trusts.remove(request.params.name);
        const before = await shown(removed);
        return { answer: null, entry: { what: "federation.removed", target: removed.name, before, after: null } };
      });
      return reply.code(204).send(null);
    },
  });
};
