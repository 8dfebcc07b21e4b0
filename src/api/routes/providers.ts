import { z } from "zod";
import { type EndedSessions, type Provider, providerSettingsSchema, readSamlMetadata } from "../../identity/index.js";
import { HoopError } from "../../vocabulary/index.js";
import { principalOf } from "../access.js";
import type { Routes } from "../app.js";
import { iso, isoOrNull, noContentSchema, timeSchema } from "../schemas.js";
import { providersOf } from "../settle-arrival.js";

const providerSchema = z
  .object({
    name: z.string(),
    settings: providerSettingsSchema,
    hasSecret: z.boolean(),
    source: z.enum(["configuration", "store"]),
    redirectUri: z.string().nullable().describe("What the provider is told to send people back to."),
    logoutUri: z.string().nullable().describe("Where an OpenID provider says that somebody signed out."),
    metadataUri: z.string().nullable().describe("What a SAML provider reads about this gateway."),
  })
  .meta({ id: "SignInProvider" });
const named = z.object({ provider: z.string().max(64) });
const linkSchema = z.object({
  provider: z.string().nullable().describe("Null: it is not there any more."),
  externalId: z.string(),
  groups: z.array(z.string()),
  createdAt: timeSchema,
  lastSignInAt: timeSchema.nullable(),
});

/** Sign-in providers, for whoever sets them up. */
export const providerRoutes: Routes = (app, context) => {
  const { deps, options, change } = context;
  const { users, roles } = deps.identity;
  const shown = (provider: Provider): z.infer<typeof providerSchema> => {
    const { name, settings, hasSecret, source } = provider;
    const base = options.publicUrl ?? "";
    const at = (end: string) => `${base}/api/v1/login/providers/${name}/${end}`;
    return {
      name,
      settings,
      hasSecret,
      source,
      redirectUri: settings.kind === "oidc" ? at("callback") : settings.kind === "saml" ? at("acs") : null,
      logoutUri: settings.kind === "oidc" ? at("backchannel-logout") : null,
      metadataUri: settings.kind === "saml" ? at("metadata") : null,
    };
  };
  const counted = (ended: EndedSessions | null) => (ended === null ? {} : { loginsEnded: ended.logins });

  app.route({
    method: "GET",
    url: "/providers",
    config: { access: "providers.read" },
    schema: {
      summary: "Sign-in providers",
      tags: ["providers"],
      response: { 200: z.object({ items: z.array(providerSchema) }) },
    },
    handler: async () => ({ items: (await providersOf(context).list.list()).map(shown) }),
  });

  app.route({
    method: "GET",
    url: "/providers/:provider",
    config: { access: "providers.read" },
    schema: { summary: "One sign-in provider", tags: ["providers"], params: named, response: { 200: providerSchema } },
    handler: async (request) => shown(await providersOf(context).list.get(request.params.provider)),
  });

  app.route({
    method: "PUT",
    url: "/providers/:provider",
    config: { access: "providers.write" },
    schema: {
      summary: "Add or change a sign-in provider",
      description:
        "`secret` left out: it stays. Switching a provider off ends the logins that came from it. What its groups give, its author must have to give.",
      tags: ["providers"],
      params: named,
      body: z.strictObject({
        settings: z
          .looseObject({ kind: z.enum(["oidc", "saml", "ldap"]) })
          .describe("As `GET /providers` shows them; what is left out has its default."),
        secret: z
          .string()
          .max(4_096)
          .optional()
          .describe("The client's secret, or the password of `bindDn`. Sealed, and never shown again."),
      }),
      response: { 200: providerSchema },
    },
    handler: async (request) => {
      const principal = principalOf(request);
      const { settings, secret } = request.body;
      const parsed = providerSettingsSchema.safeParse(settings);
      const gives = parsed.success ? [...parsed.data.groups.map(({ to }) => to), ...parsed.data.defaultGroups] : [];
      // A pattern may come to any group: that takes somebody who may put people into all of them.
      if (gives.some((to) => to.includes("*")) && !principal.rights.has("policy.write"))
        throw new HoopError("denied", "a pattern may give any group, which needs policy.write", {
          hint: "name each group",
        });
      return change(principal, async () => {
        const check = roles.checks.fill(
          principal.subject,
          gives.filter((to) => !to.includes("*")),
        );
        const { before, after, ended } = await providersOf(context).list.put(
          request.params.provider,
          settings,
          secret,
          check,
        );
        return {
          answer: shown(after),
          entry: {
            what: before === null ? "provider.added" : "provider.changed",
            target: after.name,
            before: before?.settings ?? null,
            after: { ...after.settings, ...(secret === undefined ? {} : { secretChanged: true }), ...counted(ended) },
          },
        };
      });
    },
  });

  app.route({
    method: "DELETE",
    url: "/providers/:provider",
    config: { access: "providers.write" },
    schema: {
      summary: "Remove a sign-in provider",
      description: "Logins that came from it end. Its people's users stay, and are linked to nobody.",
      tags: ["providers"],
      params: named,
      response: { 204: noContentSchema },
    },
    handler: async (request, reply) => {
      await change(principalOf(request), async () => {
        const { removed, ended } = await providersOf(context).list.remove(request.params.provider);
        return {
          answer: null,
          entry: { what: "provider.removed", target: removed.name, before: removed.settings, after: counted(ended) },
        };
      });
      return reply.code(204).send(null);
    },
  });

  app.route({
    method: "POST",
    url: "/providers/:provider/test",
    config: { access: "providers.write", rateLimit: { max: 30, timeWindow: 60_000 } },
    schema: {
      summary: "Ask a provider whether it answers as configured",
      tags: ["providers"],
      params: named,
      response: { 200: z.object({ notes: z.array(z.string()) }) },
    },
    handler: async (request) => ({ notes: [...(await providersOf(context).list.probe(request.params.provider))] }),
  });

  app.route({
    method: "POST",
    url: "/providers/saml-metadata",
    config: { access: "providers.write" },
    schema: {
      summary: "Read an identity provider's metadata: the settings that it says",
      tags: ["providers"],
      body: z.strictObject({ xml: z.string().max(512 * 1024) }),
      response: { 200: z.object({ entityId: z.string(), signInUrl: z.string(), certificates: z.array(z.string()) }) },
    },
    handler: async (request) => {
      const { entityId, signInUrl, certificates } = await readSamlMetadata(request.body.xml);
      return { entityId, signInUrl, certificates: [...certificates] };
    },
  });

  app.route({
    method: "GET",
    url: "/users/:user/links",
    config: { access: "users.read" },
    schema: {
      summary: "Whom a user is at sign-in providers",
      tags: ["providers"],
      params: z.object({ user: z.string().max(64) }),
      response: { 200: z.object({ items: z.array(linkSchema) }) },
    },
    handler: async (request) => {
      const { id } = await users.get(request.params.user);
      const links = await providersOf(context).links.of(id);
      return {
        items: links.map(({ providerName, externalId, groups, createdAt, lastSignInAt }) => ({
          provider: providerName,
          externalId,
          groups: [...groups],
          createdAt: iso(createdAt),
          lastSignInAt: isoOrNull(lastSignInAt),
        })),
      };
    },
  });

  app.route({
    method: "PUT",
    url: "/providers/:provider/links",
    config: { access: "providers.write" },
    schema: {
      summary: "Say who a person at the provider is here",
      description: "From then on that person is this user, who signs in by the provider alone.",
      tags: ["providers"],
      params: named,
      body: z.strictObject({
        externalId: z
          .string()
          .min(1)
          .max(1_000)
          .describe("What never changes of a person there: `sub`, the NameID, the id."),
        user: z.string().max(64),
      }),
      response: { 204: noContentSchema },
    },
    handler: async (request, reply) => {
      const principal = principalOf(request);
      const { externalId } = request.body;
      const user = await users.get(request.body.user);
      if (user.kind !== "person") throw new HoopError("invalid", "only people sign in by providers");
      await change(principal, async () => {
        // Whoever says who somebody is can become them.
        const check = roles.checks.change(principal.subject, user.id);
        await providersOf(context).links.add(request.params.provider, externalId, user.id, check);
        return {
          answer: null,
          entry: {
            what: "user.linked",
            target: user.name,
            before: null,
            after: { provider: request.params.provider, externalId },
          },
        };
      });
      return reply.code(204).send(null);
    },
  });

  app.route({
    method: "DELETE",
    url: "/providers/:provider/links",
    config: { access: "providers.write" },
    schema: {
      summary: "A person at the provider is nobody here any more; logins that came from there end",
      tags: ["providers"],
      params: named,
      querystring: z.object({ externalId: z.string().min(1).max(1_000) }),
      response: { 204: noContentSchema },
    },
    handler: async (request, reply) => {
      const { provider } = request.params;
      const { externalId } = request.query;
      await change(principalOf(request), async () => {
        const ended = await providersOf(context).links.remove(provider, externalId);
        if (ended === null) throw new HoopError("not-found", "there is no such link");
        return {
          answer: null,
          entry: { what: "user.unlinked", target: externalId, before: { provider, externalId }, after: counted(ended) },
        };
      });
      return reply.code(204).send(null);
    },
  });
};
