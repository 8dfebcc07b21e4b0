import { z } from "zod";
import type { FactorsView } from "../../identity/index.js";
import { type Principal, principalOf } from "../access.js";
import type { Routes } from "../app.js";
import {
  codeSchema,
  enrolledOf,
  enrolledSchema,
  factorSchema,
  passkeyAnswerSchema,
  passkeyOptionsSchema,
  totpOfferOf,
  totpOfferSchema,
} from "../factor-schemas.js";
import { noticesOf } from "../give-login.js";
import { insideLogin } from "../inside-login.js";
import { iso, isoOrNull, noContentSchema, timeSchema } from "../schemas.js";
import { siteOf } from "../site.js";

const rateLimit = { max: 30, timeWindow: 60_000 };
const byId = z.object({ id: z.uuid() });
const viewSchema = z
  .object({
    items: z.array(factorSchema),
    recoveryCodes: z.number().int().describe("How many are left."),
    required: z.boolean(),
    deadline: timeSchema.nullable().describe("Until when signing in goes without one; null: not required."),
    notices: z.array(z.string()),
  })
  .meta({ id: "Factors" });

/** The caller's own second factors. Changes need a proof of the last five minutes: POST /me/step-up. */
export const factorRoutes: Routes = (app, context) => {
  const { deps, options, change, now } = context;
  const { factors } = deps.identity;
  const boundTo = ({ login }: Principal) => `login ${login}`;

  async function add(principal: Principal, enrol: () => ReturnType<typeof factors.addPasskey>) {
    await factors.requireFresh(principal);
    return change(principal, async () => {
      const answer = enrolledOf(await insideLogin(enrol));
      return {
        answer,
        entry: { what: "factor.added", target: principal.subject.name, before: null, after: answer.factor },
      };
    });
  }

  app.route({
    method: "GET",
    url: "/me/factors",
    config: { access: "subject" },
    schema: { summary: "Your second factors", tags: ["second factor"], response: { 200: viewSchema } },
    handler: async (request) => factorsViewOf(await factors.view(principalOf(request).subject.id), now),
  });

  app.route({
    method: "POST",
    url: "/me/factors/totp",
    config: { access: "subject", rateLimit },
    schema: {
      summary: "Begin an authenticator: its secret and picture, shown once",
      tags: ["second factor"],
      response: { 200: totpOfferSchema },
    },
    handler: async (request) => {
      const principal = principalOf(request);
      await factors.requireFresh(principal);
      return totpOfferOf(await factors.beginTotp(principal.subject));
    },
  });

  app.route({
    method: "POST",
    url: "/me/factors/totp/:id",
    config: { access: "subject", rateLimit },
    schema: {
      summary: "Finish an authenticator with the code that it shows",
      tags: ["second factor"],
      params: byId,
      body: z.strictObject({ code: codeSchema }),
      response: { 200: enrolledSchema },
    },
    handler: async (request) => {
      const principal = principalOf(request);
      return add(principal, () => factors.confirmTotp(principal.subject, request.params.id, request.body.code));
    },
  });

  app.route({
    method: "POST",
    url: "/me/factors/passkeys/options",
    config: { access: "subject", rateLimit },
    schema: {
      summary: "What a new passkey is to be made for",
      tags: ["second factor"],
      response: { 200: passkeyOptionsSchema },
    },
    handler: async (request) => {
      const principal = principalOf(request);
      await factors.requireFresh(principal);
      const site = siteOf(request, options.publicUrl);
      return { ...(await factors.passkeyOptions(principal.subject, boundTo(principal), site)) };
    },
  });

  app.route({
    method: "POST",
    url: "/me/factors/passkeys",
    config: { access: "subject", rateLimit },
    schema: {
      summary: "Add the passkey that the browser made",
      tags: ["second factor"],
      body: z.strictObject({ name: z.string().max(200).default("Passkey"), passkey: passkeyAnswerSchema }),
      response: { 200: enrolledSchema },
    },
    handler: async (request) => {
      const principal = principalOf(request);
      const { name, passkey } = request.body;
      return add(principal, () => factors.addPasskey(principal.subject, boundTo(principal), name, passkey));
    },
  });

  app.route({
    method: "PATCH",
    url: "/me/factors/:id",
    config: { access: "subject", rateLimit },
    schema: {
      summary: "Give a factor another name",
      tags: ["second factor"],
      params: byId,
      body: z.strictObject({ name: z.string().max(200) }),
      response: { 204: noContentSchema },
    },
    handler: async (request, reply) => {
      const { subject } = principalOf(request);
      await change({ subject }, async () => {
        const { id, kind, name } = await factors.rename(subject.id, request.params.id, request.body.name);
        return {
          answer: null,
          entry: { what: "factor.renamed", target: subject.name, before: null, after: { id, kind, name } },
        };
      });
      return reply.code(204).send(null);
    },
  });

  app.route({
    method: "DELETE",
    url: "/me/factors/:id",
    config: { access: "subject", rateLimit },
    schema: {
      summary: "Remove a factor; the last one stays where one is required",
      tags: ["second factor"],
      params: byId,
      response: { 204: noContentSchema },
    },
    handler: async (request, reply) => {
      const principal = principalOf(request);
      await factors.requireFresh(principal);
      await change(principal, async () => {
        const { id, kind, name } = await factors.remove(principal.subject, request.params.id);
        return {
          answer: null,
          entry: { what: "factor.removed", target: principal.subject.name, before: { id, kind, name }, after: null },
        };
      });
      return reply.code(204).send(null);
    },
  });

  app.route({
    method: "POST",
    url: "/me/factors/recovery-codes",
    config: { access: "subject", rateLimit },
    schema: {
      summary: "New recovery codes, shown once; the old ones are worth nothing from now on",
      tags: ["second factor"],
      response: { 200: z.object({ recoveryCodes: z.array(z.string()) }) },
    },
    handler: async (request) => {
      const principal = principalOf(request);
      await factors.requireFresh(principal);
      return change(principal, async () => {
        const codes = await factors.newRecoveryCodes(principal.subject.id);
        return {
          answer: { recoveryCodes: [...codes] },
          entry: {
            what: "factor.recovery-codes",
            target: principal.subject.name,
            before: null,
            after: { count: codes.length },
          },
        };
      });
    },
  });
};

export function factorsViewOf(view: FactorsView, now: () => number): z.infer<typeof viewSchema> {
  return {
    items: view.factors.map(({ id, kind, name, createdAt, lastUsedAt, backedUp, rpId }) => ({
      id,
      kind,
      name,
      createdAt: iso(createdAt),
      lastUsedAt: isoOrNull(lastUsedAt),
      synced: backedUp,
      site: rpId,
    })),
    recoveryCodes: view.codesLeft,
    required: view.obligation.required,
    deadline: view.obligation.required ? iso(view.obligation.deadline) : null,
    notices: noticesOf(view, now),
  };
}

export { viewSchema as factorsViewSchema };
