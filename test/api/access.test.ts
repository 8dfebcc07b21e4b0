import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { sessionId } from "../../src/vocabulary/index.js";
import { bearer, call, otherSession, password, setUp, signIn, startTestApi, type TestApi } from "./support.js";

const roles = ["nobody", "engineer", "auditor", "admin"] as const;
type Role = (typeof roles)[number];
type Statuses = Readonly<Record<Role, number>>;

const all = (status: number): Statuses => ({ nobody: status, engineer: status, auditor: status, admin: status });
const signedIn = (status: number): Statuses => ({ ...all(status), nobody: 401 });
const auditors = (status: number): Statuses => ({ nobody: 401, engineer: 403, auditor: status, admin: status });
const admins = (status: number): Statuses => ({ nobody: 401, engineer: 403, auditor: 403, admin: status });

const id = "00000000-0000-4000-8000-00000000cccc";
const noReview = "lusab-tofim";
const text = "apiVersion: hoop/v1\nkind: nonsense\n";

/** Every route, and what each role is answered. A 4xx of the route itself (400, 404, 409) shows that the guard let it pass. */
const table: Readonly<
  Record<string, { readonly body?: unknown; readonly path?: string; readonly statuses: Statuses }>
> = {
  "GET /healthz": { statuses: all(200) },
  "GET /readyz": { statuses: all(200) },
  "GET /.well-known/jwks.json": { statuses: all(200) },
  "GET /apps/:connection": { path: "/apps/x", statuses: all(400) },
  "GET /login/device": { statuses: all(200) },
  "POST /login/device": { body: {}, statuses: all(400) },
  "GET /api/v1/openapi.json": { statuses: all(200) },
  "GET /api/v1/version": { statuses: all(200) },
  "GET /api/v1/ca": { statuses: all(200) },
  "GET /api/v1/setup": { statuses: all(200) },
  "POST /api/v1/setup": { body: {}, statuses: all(400) },
  "POST /api/v1/login": { body: {}, statuses: all(400) },
  "POST /api/v1/login/device": { body: {}, statuses: all(200) },
  "POST /api/v1/login/token": { body: {}, statuses: all(400) },
  "GET /api/v1/login/device/:userCode": { path: "/api/v1/login/device/x", statuses: signedIn(404) },
  "POST /api/v1/login/device/:userCode": { path: "/api/v1/login/device/x", body: {}, statuses: signedIn(400) },
  "POST /api/v1/logout": { body: {}, statuses: signedIn(204) },
  "POST /api/v1/login/factor": { body: {}, statuses: all(400) },
  "POST /api/v1/login/factor/passkey": { body: {}, statuses: all(400) },
  "POST /api/v1/login/passkey/options": { statuses: all(200) },
  "POST /api/v1/login/passkey": { body: {}, statuses: all(400) },
  "POST /api/v1/login/enrol/totp": { body: {}, statuses: all(400) },
  "POST /api/v1/login/enrol/passkey": { body: {}, statuses: all(400) },
  "POST /api/v1/login/enrol": { body: {}, statuses: all(400) },
  "GET /api/v1/service-accounts": { statuses: auditors(200) },
  "GET /api/v1/service-accounts/:account": { path: "/api/v1/service-accounts/nobody", statuses: auditors(404) },
  "POST /api/v1/service-accounts": { body: {}, statuses: admins(400) },
  "PATCH /api/v1/service-accounts/:account": {
    path: "/api/v1/service-accounts/nobody",
    body: {},
    statuses: admins(400),
  },
  "DELETE /api/v1/service-accounts/:account": { path: "/api/v1/service-accounts/nobody", statuses: admins(404) },
  "POST /api/v1/service-accounts/:account/keys": {
    path: "/api/v1/service-accounts/nobody/keys",
    body: {},
    statuses: admins(400),
  },
  "DELETE /api/v1/service-accounts/:account/keys/:key": {
    path: "/api/v1/service-accounts/nobody/keys/none",
    statuses: admins(404),
  },
  "GET /api/v1/federation": { statuses: auditors(200) },
  "PUT /api/v1/federation/:name": { path: "/api/v1/federation/none", body: {}, statuses: admins(400) },
  "DELETE /api/v1/federation/:name": { path: "/api/v1/federation/none", statuses: admins(404) },
  "GET /api/v1/delegations": { statuses: signedIn(200) },
  "GET /api/v1/delegations/machines": { statuses: signedIn(200) },
  "POST /api/v1/delegations": { body: {}, statuses: signedIn(400) },
  "DELETE /api/v1/delegations/:id": { path: `/api/v1/delegations/${id}`, statuses: signedIn(404) },
  // A person has nothing to exchange: only keys of service accounts do, and what workloads bring.
  "POST /api/v1/token": { body: {}, statuses: { nobody: 400, engineer: 403, auditor: 403, admin: 403 } },
  "GET /api/v1/me": { statuses: signedIn(200) },
  "PUT /api/v1/me/password": { body: {}, statuses: signedIn(400) },
  "GET /api/v1/me/logins": { statuses: signedIn(200) },
  "DELETE /api/v1/me/logins/:id": { path: `/api/v1/me/logins/${id}`, statuses: signedIn(404) },
  "GET /api/v1/me/factors": { statuses: signedIn(200) },
  "POST /api/v1/me/factors/totp/:id": { path: `/api/v1/me/factors/totp/${id}`, body: {}, statuses: signedIn(400) },
  "POST /api/v1/me/factors/passkeys": { body: {}, statuses: signedIn(400) },
  "PATCH /api/v1/me/factors/:id": { path: `/api/v1/me/factors/${id}`, body: {}, statuses: signedIn(400) },
  "DELETE /api/v1/me/factors/:id": { path: `/api/v1/me/factors/${id}`, statuses: signedIn(404) },
  "POST /api/v1/me/factors/totp": { statuses: signedIn(200) },
  "POST /api/v1/me/factors/passkeys/options": { statuses: signedIn(200) },
  "POST /api/v1/me/factors/recovery-codes": { statuses: signedIn(412) },
  "GET /api/v1/me/step-up": { statuses: signedIn(200) },
  "GET /api/v1/me/step-up/:id": { path: "/api/v1/me/step-up/x", statuses: signedIn(404) },
  "POST /api/v1/me/step-up/options": { body: { challenge: "x" }, statuses: signedIn(404) },
  "POST /api/v1/me/step-up": { body: {}, statuses: signedIn(400) },
  "GET /api/v1/users/:user/factors": { path: "/api/v1/users/nobody.here/factors", statuses: auditors(404) },
  "DELETE /api/v1/users/:user/factors": { path: "/api/v1/users/nobody.here/factors", statuses: admins(404) },
  "GET /api/v1/settings/factors": { statuses: auditors(200) },
  "PUT /api/v1/settings/factors": { body: {}, statuses: admins(400) },
  "GET /api/v1/users": { statuses: auditors(200) },
  "GET /api/v1/users/:user": { path: "/api/v1/users/nobody.here", statuses: auditors(404) },
  "POST /api/v1/users": { body: {}, statuses: admins(400) },
  "PATCH /api/v1/users/:user": { path: "/api/v1/users/nobody.here", body: {}, statuses: admins(404) },
  "DELETE /api/v1/users/:user": { path: "/api/v1/users/nobody.here", statuses: admins(404) },
  "GET /api/v1/groups": { statuses: auditors(200) },
  "POST /api/v1/groups": { body: {}, statuses: admins(400) },
  "DELETE /api/v1/groups/:group": { path: "/api/v1/groups/none", statuses: admins(404) },
  "GET /api/v1/permissions": { statuses: auditors(200) },
  "GET /api/v1/roles": { statuses: auditors(200) },
  "GET /api/v1/roles/:role": { path: "/api/v1/roles/none", statuses: auditors(404) },
  "POST /api/v1/roles": { body: {}, statuses: admins(400) },
  "PATCH /api/v1/roles/:role": { path: "/api/v1/roles/none", body: {}, statuses: admins(404) },
  "DELETE /api/v1/roles/:role": { path: "/api/v1/roles/none", statuses: admins(404) },
  "GET /api/v1/role-bindings": { statuses: auditors(200) },
  "POST /api/v1/role-bindings": { body: {}, statuses: admins(400) },
  "DELETE /api/v1/role-bindings/:binding": { path: `/api/v1/role-bindings/${id}`, statuses: admins(404) },
  "GET /api/v1/directories": { statuses: auditors(200) },
  "POST /api/v1/directories": { body: {}, statuses: admins(400) },
  "PATCH /api/v1/directories/:directory": { path: "/api/v1/directories/none", body: {}, statuses: admins(404) },
  "DELETE /api/v1/directories/:directory": { path: "/api/v1/directories/none", statuses: admins(404) },
  "POST /api/v1/directories/:directory/given": {
    path: "/api/v1/directories/none/given",
    body: {},
    statuses: admins(400),
  },
  "GET /api/v1/directories/:directory/tokens": { path: "/api/v1/directories/none/tokens", statuses: auditors(404) },
  "POST /api/v1/directories/:directory/tokens": {
    path: "/api/v1/directories/none/tokens",
    body: {},
    statuses: admins(404),
  },
  "DELETE /api/v1/directories/:directory/tokens/:token": {
    path: `/api/v1/directories/none/tokens/${id}`,
    statuses: admins(404),
  },
  // A directory's token opens these, and nobody's login does.
  ...Object.fromEntries(
    [
      "GET /scim/v2/ServiceProviderConfig",
      "GET /scim/v2/ResourceTypes",
      "GET /scim/v2/ResourceTypes/:id",
      "GET /scim/v2/Schemas",
      "GET /scim/v2/Schemas/:id",
      "GET /scim/v2/Users",
      "GET /scim/v2/Users/:id",
      "POST /scim/v2/Users",
      "PUT /scim/v2/Users/:id",
      "PATCH /scim/v2/Users/:id",
      "DELETE /scim/v2/Users/:id",
      "GET /scim/v2/Groups",
      "GET /scim/v2/Groups/:id",
      "POST /scim/v2/Groups",
      "PUT /scim/v2/Groups/:id",
      "PATCH /scim/v2/Groups/:id",
      "DELETE /scim/v2/Groups/:id",
    ].map((route) => [route, { statuses: all(401) }]),
  ),
  "GET /api/v1/connections": { statuses: signedIn(200) },
  "GET /api/v1/connections/:connection": { path: "/api/v1/connections/none", statuses: signedIn(404) },
  "POST /api/v1/connections": { body: {}, statuses: admins(400) },
  "PATCH /api/v1/connections/:connection": { path: "/api/v1/connections/none", body: {}, statuses: admins(404) },
  "DELETE /api/v1/connections/:connection": { path: "/api/v1/connections/none", statuses: admins(404) },
  "POST /api/v1/connections/:connection/test": {
    path: "/api/v1/connections/none/test",
    body: {},
    statuses: admins(404),
  },
  "GET /api/v1/agents": { statuses: auditors(200) },
  "POST /api/v1/agents/join-tokens": { body: {}, statuses: admins(400) },
  "DELETE /api/v1/agents/:agent": { path: "/api/v1/agents/none", statuses: admins(404) },
  "GET /api/v1/policy": { statuses: auditors(200) },
  "GET /api/v1/policy/explain": { statuses: auditors(200) },
  "GET /api/v1/policy/explain/:connection": { path: "/api/v1/policy/explain/x", statuses: signedIn(404) },
  "GET /api/v1/policy/budgets": { statuses: signedIn(200) },
  "GET /api/v1/policy/grid": { statuses: auditors(200) },
  "GET /api/v1/policy/shadows": { path: "/api/v1/policy/shadows?hours=x", statuses: auditors(400) },
  "POST /api/v1/policy/replay": { body: {}, statuses: auditors(400) },
  "POST /api/v1/policy/rules/:rule/enforce": {
    path: "/api/v1/policy/rules/no-such-rule/enforce",
    body: {},
    statuses: admins(404),
  },
  "GET /api/v1/policy/history": { statuses: auditors(200) },
  "POST /api/v1/policy/plan": { body: { text }, statuses: admins(400) },
  "POST /api/v1/policy/apply": { body: { text }, statuses: admins(400) },
  "POST /api/v1/policy/simulate": { body: {}, statuses: auditors(400) },
  "GET /api/v1/sessions": { statuses: signedIn(200) },
  "GET /api/v1/sessions/live": { statuses: signedIn(200) },
  "GET /api/v1/sessions/:session": {
    path: `/api/v1/sessions/${otherSession}`,
    statuses: { nobody: 401, engineer: 404, auditor: 200, admin: 200 },
  },
  "GET /api/v1/sessions/:session/entries": {
    path: `/api/v1/sessions/${otherSession}/entries`,
    statuses: { nobody: 401, engineer: 404, auditor: 200, admin: 200 },
  },
  "POST /api/v1/sessions/:session/entries/:seq/reveal": {
    path: `/api/v1/sessions/${otherSession}/entries/1/reveal`,
    body: { because: "a ticket" },
    statuses: auditors(200),
  },
  "POST /api/v1/sessions/:session/kill": {
    path: "/api/v1/sessions/LIVE/kill",
    body: {},
    statuses: { nobody: 401, engineer: 404, auditor: 404, admin: 202 },
  },
  "GET /api/v1/reviews": { statuses: signedIn(200) },
  "GET /api/v1/reviews/count": { statuses: signedIn(200) },
  "GET /api/v1/reviews/:review": { path: `/api/v1/reviews/${noReview}`, statuses: signedIn(404) },
  "GET /api/v1/reviews/:review/content": { path: `/api/v1/reviews/${noReview}/content`, statuses: signedIn(404) },
  "GET /api/v1/reviews/:review/watch": {
    path: `/api/v1/reviews/${noReview}/watch?version=0`,
    statuses: signedIn(404),
  },
  "POST /api/v1/reviews/:review/approve": {
    path: `/api/v1/reviews/${noReview}/approve`,
    body: {},
    statuses: signedIn(404),
  },
  "POST /api/v1/reviews/:review/deny": { path: `/api/v1/reviews/${noReview}/deny`, body: {}, statuses: signedIn(404) },
  "POST /api/v1/reviews/:review/break-glass": {
    path: `/api/v1/reviews/${noReview}/break-glass`,
    body: {},
    statuses: signedIn(404),
  },
  "POST /api/v1/reviews/:review/withdraw": {
    path: `/api/v1/reviews/${noReview}/withdraw`,
    body: {},
    statuses: signedIn(404),
  },
  "POST /api/v1/reviews/:review/comments": {
    path: `/api/v1/reviews/${noReview}/comments`,
    body: { text: "hello" },
    statuses: signedIn(404),
  },
  "GET /api/v1/access-requests/options": { statuses: signedIn(200) },
  "POST /api/v1/access-requests": { body: {}, statuses: signedIn(400) },
  "GET /api/v1/grants": { statuses: signedIn(200) },
  "DELETE /api/v1/grants/:grant": { path: `/api/v1/grants/${noReview}`, statuses: signedIn(404) },
  "POST /api/v1/reveals": { body: {}, statuses: signedIn(400) },
  "POST /api/v1/reveals/:review/value": { path: `/api/v1/reveals/${noReview}/value`, statuses: signedIn(404) },
  "GET /api/v1/audit/changes": { statuses: auditors(200) },
  "GET /api/v1/audit/heads": { statuses: auditors(200) },
  "GET /api/v1/audit/export": { statuses: auditors(200) },
  "POST /api/v1/audit/verify": { body: {}, statuses: auditors(200) },
  "POST /api/v1/secrets/rotate": { body: {}, statuses: admins(200) },
  "GET /api/v1/tunnel": { statuses: signedIn(200) },
  "GET /api/v1/status": { statuses: auditors(200) },
  // What this gateway was put together without answers 501; whoever may not ask is told so before.
  "DELETE /api/v1/credentials/:credential": { path: "/api/v1/credentials/none", statuses: signedIn(400) },
  "DELETE /api/v1/exporters/:exporter": { path: "/api/v1/exporters/none", statuses: admins(501) },
  "DELETE /api/v1/providers/:provider": { path: "/api/v1/providers/none", statuses: admins(404) },
  "DELETE /api/v1/providers/:provider/links": { path: "/api/v1/providers/none/links", statuses: admins(400) },
  "DELETE /api/v1/reactions/:name": { path: "/api/v1/reactions/none", statuses: admins(404) },
  "DELETE /api/v1/reactions/restraints/:id": { path: "/api/v1/reactions/restraints/none", statuses: admins(400) },
  "DELETE /api/v1/runbook-sources/:source": { path: "/api/v1/runbook-sources/none", statuses: admins(501) },
  "DELETE /api/v1/runbooks/:runbook": { path: "/api/v1/runbooks/none", statuses: admins(501) },
  "GET /api/v1/credentials": { statuses: signedIn(501) },
  "GET /api/v1/credentials/users": { statuses: auditors(501) },
  "GET /api/v1/events": { statuses: auditors(200) },
  "GET /api/v1/events/:event": { path: "/api/v1/events/none", statuses: auditors(404) },
  "GET /api/v1/events/catalogue": { statuses: signedIn(200) },
  "GET /api/v1/events/tail": { statuses: auditors(200) },
  "GET /api/v1/exporters": { statuses: auditors(501) },
  "GET /api/v1/login/providers": { statuses: all(200) },
  "GET /api/v1/login/providers/:provider/callback": {
    path: "/api/v1/login/providers/none/callback",
    statuses: all(303),
  },
  "GET /api/v1/login/providers/:provider/finish": { path: "/api/v1/login/providers/none/finish", statuses: all(400) },
  "GET /api/v1/login/providers/:provider/metadata": {
    path: "/api/v1/login/providers/none/metadata",
    statuses: all(404),
  },
  "GET /api/v1/login/providers/:provider/start": { path: "/api/v1/login/providers/none/start", statuses: all(303) },
  "GET /api/v1/metrics": { statuses: auditors(501) },
  "GET /api/v1/providers": { statuses: auditors(200) },
  "GET /api/v1/providers/:provider": { path: "/api/v1/providers/none", statuses: auditors(404) },
  "GET /api/v1/reactions": { statuses: auditors(200) },
  "GET /api/v1/reactions/deliveries": { statuses: auditors(200) },
  "GET /api/v1/reactions/firings": { statuses: auditors(200) },
  "GET /api/v1/reactions/history": { statuses: auditors(200) },
  "GET /api/v1/reactions/restraints": { statuses: auditors(200) },
  "GET /api/v1/runbook-sources": { statuses: auditors(501) },
  "GET /api/v1/runbooks": { statuses: signedIn(501) },
  "GET /api/v1/runbooks/:runbook": { path: "/api/v1/runbooks/none", statuses: signedIn(501) },
  "GET /api/v1/runbooks/:runbook/versions": { path: "/api/v1/runbooks/none/versions", statuses: auditors(501) },
  "GET /api/v1/runs": { statuses: signedIn(501) },
  "GET /api/v1/runs/:run": { path: "/api/v1/runs/none", statuses: signedIn(400) },
  "GET /api/v1/sessions/:session/terminals": { path: "/api/v1/sessions/none/terminals", statuses: auditors(400) },
  "GET /api/v1/sessions/:session/terminals/:terminal/frames": {
    path: "/api/v1/sessions/none/terminals/none/frames",
    statuses: auditors(400),
  },
  "GET /api/v1/sessions/:session/watch": { path: "/api/v1/sessions/none/watch", statuses: auditors(400) },
  "GET /api/v1/sessions/search": { statuses: auditors(400) },
  "GET /api/v1/users/:user/links": { path: "/api/v1/users/none/links", statuses: auditors(404) },
  "GET /livez": { statuses: all(200) },
  "POST /api/v1/credentials": { body: {}, statuses: signedIn(400) },
  "POST /api/v1/credentials/rotations": { body: {}, statuses: admins(400) },
  "POST /api/v1/exporters/:exporter/test": { path: "/api/v1/exporters/none/test", body: {}, statuses: admins(501) },
  "POST /api/v1/login/continue": { body: {}, statuses: all(200) },
  "POST /api/v1/login/providers/:provider/acs": {
    path: "/api/v1/login/providers/none/acs",
    body: {},
    statuses: all(400),
  },
  "POST /api/v1/login/providers/:provider/backchannel-logout": {
    path: "/api/v1/login/providers/none/backchannel-logout",
    body: {},
    statuses: all(400),
  },
  "POST /api/v1/providers/:provider/test": { path: "/api/v1/providers/none/test", body: {}, statuses: admins(404) },
  "POST /api/v1/providers/saml-metadata": { body: {}, statuses: admins(400) },
  "POST /api/v1/reactions/:name/test": { path: "/api/v1/reactions/none/test", body: {}, statuses: admins(404) },
  "POST /api/v1/reactions/apply": { body: {}, statuses: admins(400) },
  "POST /api/v1/reactions/deliveries/replay": { body: {}, statuses: admins(400) },
  "POST /api/v1/reactions/dry-run": { body: {}, statuses: auditors(400) },
  "POST /api/v1/runbook-sources/:source/sync": {
    path: "/api/v1/runbook-sources/none/sync",
    body: {},
    statuses: admins(501),
  },
  "POST /api/v1/runbooks/:runbook/dry-run": {
    path: "/api/v1/runbooks/none/dry-run",
    body: {},
    statuses: signedIn(501),
  },
  "POST /api/v1/runbooks/:runbook/runs": { path: "/api/v1/runbooks/none/runs", body: {}, statuses: signedIn(501) },
  "POST /api/v1/runs/:run/cancel": { path: "/api/v1/runs/none/cancel", body: {}, statuses: signedIn(400) },
  "PUT /api/v1/exporters/:exporter": { path: "/api/v1/exporters/none", body: {}, statuses: admins(400) },
  "PUT /api/v1/providers/:provider": { path: "/api/v1/providers/none", body: {}, statuses: admins(400) },
  "PUT /api/v1/providers/:provider/links": { path: "/api/v1/providers/none/links", body: {}, statuses: admins(400) },
  "PUT /api/v1/reactions/:name/mode": { path: "/api/v1/reactions/none/mode", body: {}, statuses: admins(400) },
  "PUT /api/v1/reactions/:name/secret": { path: "/api/v1/reactions/none/secret", body: {}, statuses: admins(400) },
  "PUT /api/v1/runbook-sources/:source": { path: "/api/v1/runbook-sources/none", body: {}, statuses: admins(400) },
  "PUT /api/v1/runbooks/:runbook": { path: "/api/v1/runbooks/none", body: {}, statuses: admins(400) },
};

let api: TestApi;
const routesOfApp: string[] = [];
const headers: Record<Role, Record<string, string>> = { nobody: {}, engineer: {}, auditor: {}, admin: {} };
const live = sessionId(randomUUID());

beforeAll(async () => {
  api = await startTestApi();
  headers.admin = await setUp(api);
  for (const [role, groups] of [
    ["engineer", ["engineers"]],
    ["auditor", ["auditors"]],
  ] as const) {
    await call(api.app, "POST", "/api/v1/users", { name: role, password, groups }, headers.admin);
    headers[role] = bearer(await signIn(api.app, role));
  }
  const somebody = await api.deps.identity.users.create({ name: "somebody" });
  api.deps.sessions.register({
    id: live,
    subject: { id: somebody.id, name: "somebody" },
    connection: { id: somebody.id as never, name: "pg-demo" },
    protocol: "postgres",
    from: "127.0.0.1",
    startedAt: new Date(),
  });
  for (const line of api.app.printRoutes({ commonPrefix: false, includeHooks: false }).split("\n"))
    routesOfApp.push(line);
});
afterAll(() => api.close());

/** Fastify's own list of routes as `METHOD path`. */
function listed(): string[] {
  const found: string[] = [];
  const path: string[] = [];
  for (const line of routesOfApp) {
    const match = /^([│ ]*)[├└]── (\S+)(?: \(([A-Z, ]+)\))?/.exec(line);
    if (match === null) continue;
    const depth = match[1]!.length / 4;
    path.length = depth;
    path[depth] = match[2]!;
    const methods = (match[3] ?? "")
      .split(", ")
      .filter((method) => method !== "" && method !== "HEAD" && method !== "OPTIONS");
    for (const method of methods) found.push(`${method} ${path.join("")}`);
  }
  return found;
}

test("every route is in the table", () => {
  expect(listed().sort()).toEqual(Object.keys(table).sort());
});

describe.each(Object.entries(table))("%s", (route, { body, path, statuses }) => {
  test.each(roles)("%s", async (role) => {
    const [method, pattern] = route.split(" ") as ["GET", string];
    const own =
      route === "POST /api/v1/logout" && role !== "nobody"
        ? bearer(await signIn(api.app, role === "admin" ? "ada" : role))
        : headers[role];
    const url = (path ?? pattern).replace("LIVE", live);
    // An address a role: limits of rate are not what is asked here.
    const response = await api.app.inject({
      method,
      url,
      headers: own,
      remoteAddress: `192.0.2.${roles.indexOf(role) + 1}`,
      ...(body === undefined ? {} : { payload: body as object }),
    });
    expect(response.statusCode).toBe(statuses[role]);
    if (response.statusCode >= 400) {
      const form = pattern!.startsWith("/scim/") ? "application/scim+json" : "application/problem+json";
      expect(response.headers["content-type"]).toContain(pattern === "/login/device" ? "" : form);
    }
    if (pattern!.startsWith("/api/")) expect(response.headers["cache-control"]).toBe("no-store");
  });
});
