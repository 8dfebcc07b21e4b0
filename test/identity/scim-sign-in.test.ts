import { afterAll, beforeAll, expect, test } from "vitest";
import { createProviderStore } from "../../src/storage/identity/providers.js";
import { call } from "../api/support.js";
import { patchOp, type ScimApi, type Shown, startScimApi } from "./scim-support.js";

let api: ScimApi;
let bob: Shown;
beforeAll(async () => {
  api = await startScimApi();
  bob = (await api.scim<Shown>("POST", "/Users", { userName: "bob@example.org", externalId: "00u1" })).body;
});
afterAll(() => api.close());

/** Somebody whom a provider vouches for. */
const arrive = (provider: string, externalId: string, names: readonly string[]) =>
  createProviderStore(api.store).admit({
    provider,
    providerName: provider,
    externalId,
    names,
    email: null,
    groups: null,
    firstAdmin: false,
    provision: true,
  });
const setUp = (body: object) => call(api.app, "PATCH", "/api/v1/directories/okta", body, api.admin);

test("somebody of a directory does not become a second user by signing in somewhere", async () => {
  for (const names of [["bob@example.org"], ["BOB@example.org"], ["other", "Bob@Example.org"]])
    await expect(arrive("okta", "00u1", names)).rejects.toMatchObject({ code: "denied" });
});

test("where the directory says so a sign-in is theirs, by what never changes", async () => {
  expect((await setUp({ provider: "okta", matchBy: "externalId" })).status).toBe(200);
  await expect(arrive("another", "00u1", ["bob@example.org"])).rejects.toMatchObject({ code: "denied" });
  // Who calls himself Bob at the right provider is not Bob.
  await expect(arrive("okta", "00u2", ["bob@example.org"])).rejects.toMatchObject({ code: "denied" });
  const came = await arrive("okta", "00u1", ["bob-the-second"]);
  expect([came.subject.id, came.created]).toEqual([bob.id, false]);
});

test("whom the directory switched off a sign-in does not switch on", async () => {
  await api.scim("PATCH", `/Users/${bob.id}`, patchOp({ op: "replace", value: { active: false } }));
  const came = await arrive("okta", "00u1", ["bob@example.org"]);
  expect([came.subject.id, came.subject.disabled]).toEqual([bob.id, true]);
});

test("whom it deleted a sign-in does not make again; provisioned again they are somebody new", async () => {
  await api.scim("DELETE", `/Users/${bob.id}`);
  await expect(arrive("okta", "00u1", ["bob@example.org"])).rejects.toMatchObject({ code: "denied" });
  // Under another name, by the link that they left behind.
  await expect(arrive("okta", "00u1", ["robert"])).rejects.toMatchObject({ code: "denied" });
  const again = (await api.scim<Shown>("POST", "/Users", { userName: "bob@example.org", externalId: "00u1" })).body;
  const came = await arrive("okta", "00u1", ["bob@example.org"]);
  expect(came.subject.id).toBe(again.id);
  expect(again.id).not.toBe(bob.id);
});

test("strangers to all directories come in as ever", async () => {
  const came = await arrive("okta", "00u9", ["carol"]);
  expect([came.created, came.subject.name]).toEqual([true, "carol"]);
});
