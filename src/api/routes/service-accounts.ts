import { z } from "zod";
import { boundTermsSchema, type StoredKey, termsFrom } from "../../identity/machines/index.js";
import type { StoredSubject } from "../../identity/machines/store.js";
import { principalOf } from "../access.js";
import type { Routes } from "../app.js";
import { iso, isoOrNull, noContentSchema, timeSchema } from "../schemas.js";

const dayS = 86_400;
const keySchema = z
  .object({
    id: z.uuid(),
    name: z.string(),
    hint: z.string().describe("Its first characters."),
    state: z.enum(["active", "expired", "revoked"]),
    bounds: boundTermsSchema,
    sources: z.array(z.string()),
    createdAt: timeSchema,
    createdBy: z.string(),
    expires: timeSchema,
    revokedAt: timeSchema.nullable(),
    because: z.string().nullable(),
    lastUsedAt: timeSchema.nullable().describe("Up to a minute behind."),
    lastUsedFrom: z.string().nullable(),
  })
  .meta({ id: "ServiceKey" });
const accountSchema = z
  .object({
    id: z.uuid(),
    kind: z.enum(["service", "agent"]),
    name: z.string(),
    groups: z.array(z.string()),
    disabled: z.boolean(),
    createdAt: timeSchema,
    keys: z.array(keySchema),
  })
  .meta({ id: "ServiceAccount" });
const named = z.object({ account: z.string().max(64).describe("Name or id.") });

/** Service accounts, agents of AI and their keys. */
export const serviceAccountRoutes: Routes = (app, { deps, change, now }) => {
  const { machines } = deps;
  const { users, roles } = deps.identity;

  const shownKey = (key: StoredKey): z.infer<typeof keySchema> => ({
    id: key.id,
    name: key.name,
    hint: key.hint,
    state: key.ended !== null ? "revoked" : key.expiresAt.getTime() <= now() ? "expired" : "active",
    bounds: key.bounds as z.infer<typeof boundTermsSchema>,
    sources: [...key.sources],
    createdAt: iso(key.createdAt),
    createdBy: key.createdBy,
    expires: iso(key.expiresAt),
    revokedAt: isoOrNull(key.ended?.at ?? null),
    because: key.ended?.because ?? null,
    lastUsedAt: isoOrNull(key.used?.at ?? null),
    lastUsedFrom: key.used?.from ?? null,
  });
  const shown = (machine: StoredSubject, keys: readonly StoredKey[]): z.infer<typeof accountSchema> => ({
    id: machine.id,
    kind: machine.kind === "agent" ? "agent" : "service",
    name: machine.name,
    groups: [...machine.groups],
    disabled: machine.disabled,
    createdAt: iso(machine.createdAt),
    keys: keys.filter(({ subject }) => subject === machine.id).map(shownKey),
  });

  app.route({
    method: "GET",
    url: "/service-accounts",
    config: { access: "machines.read" },
    schema: {
      summary: "Service accounts and agents with their keys, by name",
      tags: ["machines"],
      response: { 200: z.object({ items: z.array(accountSchema) }) },
    },
    handler: async () => {
      const [list, keys] = await Promise.all([machines.list(), machines.keys.list(null)]);
      return { items: list.map((machine) => shown(machine, keys)) };
    },
  });

  app.route({
    method: "GET",
    url: "/service-accounts/:account",
    config: { access: "machines.read" },
    schema: { summary: "One service account", tags: ["machines"], params: named, response: { 200: accountSchema } },
    handler: async (request) => {
      const machine = await machines.get(request.params.account);
      return shown(machine, await machines.keys.list(machine));
    },
  });

  app.route({
    method: "POST",
    url: "/service-accounts",
    config: { access: "machines.write" },
    schema: {
      summary: "Add a service account, or an agent of AI",
      description:
        "An account has no password; make it a key, or trust an issuer of workload tokens. Nobody adds one that may more than they do.",
      tags: ["machines"],
      body: z.strictObject({
        name: z.string().max(64),
        kind: z.enum(["service", "agent"]).default("service"),
        groups: z.array(z.string().max(64)).max(200).default([]),
      }),
      response: { 201: accountSchema },
    },
    handler: async (request, reply) => {
      const principal = principalOf(request);
      const { name, kind, groups } = request.body;
      const made = await change(principal, async () => {
        const created = await users.create(
          { name, kind, groups },
          roles.checks.machine(principal.subject, null, groups),
        );
        const after = { kind, groups: [...created.groups] };
        return {
          answer: created,
          entry: { what: "service-account.created", target: created.name, before: null, after },
        };
      });
      return reply.code(201).send(shown(await machines.get(made.id), []));
    },
  });

  app.route({
    method: "PATCH",
    url: "/service-accounts/:account",
    config: { access: "machines.write" },
    schema: {
      summary: "Disable or enable a service account",
      description:
        "Disabled, its keys and tokens are worth nothing and what they opened ends within a second; enabled again, its keys count again.",
      tags: ["machines"],
      params: named,
      body: z.strictObject({ disabled: z.boolean() }),
      response: { 200: accountSchema },
    },
    handler: async (request) => {
      const principal = principalOf(request);
      const machine = await machines.get(request.params.account);
      const { disabled } = request.body;
      await change(principal, async () => {
        await users.change(machine.id, { disabled }, null, roles.checks.machine(principal.subject, machine.id));
        const what = disabled ? "service-account.disabled" : "service-account.enabled";
        return {
          answer: null,
          entry: { what, target: machine.name, before: { disabled: machine.disabled }, after: { disabled } },
        };
      });
      return shown(await machines.get(machine.id), await machines.keys.list(machine));
    },
  });

  app.route({
    method: "DELETE",
    url: "/service-accounts/:account",
    config: { access: "machines.write" },
    schema: {
      summary: "Remove a service account with its keys, trusts and delegations",
      tags: ["machines"],
      params: named,
      response: { 204: noContentSchema },
    },
    handler: async (request, reply) => {
      const principal = principalOf(request);
      const machine = await machines.get(request.params.account);
      await change(principal, async () => {
        await users.remove(machine.id, roles.checks.machine(principal.subject, machine.id));
        const before = { kind: machine.kind, groups: [...machine.groups] };
        return { answer: null, entry: { what: "service-account.removed", target: machine.name, before, after: null } };
      });
      return reply.code(204).send(null);
    },
  });

  app.route({
    method: "POST",
    url: "/service-accounts/:account/keys",
    config: { access: "machines.write" },
    schema: {
      summary: "Make a key; it is shown once",
      description: "Several may be in use at once: make the new one, change over, revoke the old one.",
      tags: ["machines"],
      params: named,
      body: z.strictObject({
        name: z.string().min(1).max(64),
        expiresInSeconds: z
          .number()
          .int()
          .min(60)
          .max(366 * dayS)
          .default(90 * dayS),
        bounds: boundTermsSchema.default({}),
        sources: z
          .array(z.string().max(64))
          .max(50)
          .default([])
          .describe("Addresses and networks it may be used from; empty: any."),
      }),
      response: { 201: z.object({ key: z.string().describe("Shown once, kept as a hash."), details: keySchema }) },
    },
    handler: async (request, reply) => {
      const principal = principalOf(request);
      const machine = await machines.get(request.params.account);
      const { name, expiresInSeconds, bounds, sources } = request.body;
      await roles.verify(roles.checks.machine(principal.subject, machine.id));
      const made = await change(principal, async () => {
        const created = await machines.keys.create(
          machine,
          { name, lifeMs: expiresInSeconds * 1_000, bounds: termsFrom(bounds), sources },
          principal.subject,
        );
        const target = `${machine.name}/${created.key.name}`;
        return {
          answer: created,
          entry: { what: "service-key.created", target, before: null, after: shownKey(created.key) },
        };
      });
      return reply.code(201).send({ key: made.text, details: shownKey(made.key) });
    },
  });

  app.route({
    method: "DELETE",
    url: "/service-accounts/:account/keys/:key",
    config: { access: "machines.write" },
    schema: {
      summary: "Revoke a key; what it opened ends within a second",
      tags: ["machines"],
      params: named.extend({ key: z.string().max(64).describe("Name or id.") }),
      response: { 204: noContentSchema },
    },
    handler: async (request, reply) => {
      const principal = principalOf(request);
      const machine = await machines.get(request.params.account);
      await change(principal, async () => {
        const revoked = await machines.keys.revoke(machine, request.params.key, principal.subject);
        const target = `${machine.name}/${revoked.name}`;
        return {
          answer: null,
          entry: { what: "service-key.revoked", target, before: shownKey({ ...revoked, ended: null }), after: null },
        };
      });
      return reply.code(204).send(null);
    },
  });
};
