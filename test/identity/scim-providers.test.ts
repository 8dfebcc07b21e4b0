import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { call } from "../api/support.js";
import {
  enterprise,
  type Listed,
  patchOp,
  type ScimApi,
  type Shown,
  startScimApi,
  userSchema,
} from "./scim-support.js";

let api: ScimApi;
beforeAll(async () => {
  api = await startScimApi();
});
afterAll(() => api.close());

const subjectNamed = (name: string) =>
  call<{ id: string; disabled: boolean; groups: string[]; email: string | null; directory: string | null }>(
    api.app,
    "GET",
    `/api/v1/users/${name}`,
    undefined,
    api.admin,
  );

describe("the sequence of Okta", () => {
  const isaac = {
    schemas: [userSchema],
    userName: "Isaac.Brock@example.com",
    name: { givenName: "Isaac", familyName: "Brock" },
    emails: [{ primary: true, value: "isaac.brock@example.com", type: "work", display: "isaac.brock@example.com" }],
    displayName: "Isaac Brock",
    locale: "en-US",
    externalId: "00ujl29u0le5T6Aj10h7",
    groups: [],
    password: "1mz050nq",
    active: true,
  };
  let id: string;
  let group: string;

  test("looks whether the user is there, and creates them", async () => {
    const none = await api.scim<Listed>(
      "GET",
      `/Users?filter=${encodeURIComponent('userName eq "isaac.brock@example.com"')}&startIndex=1&count=100`,
    );
    expect(none.body).toMatchObject({ totalResults: 0, startIndex: 1, itemsPerPage: 0, Resources: [] });
    const made = await api.scim<Shown>("POST", "/Users", isaac);
    expect(made.status).toBe(201);
    expect(made.headers["content-type"]).toContain("application/scim+json");
    expect(made.headers["location"]).toMatch(new RegExp(`/scim/v2/Users/${made.body.id}$`));
    expect(made.body).toMatchObject({
      userName: isaac.userName,
      active: true,
      externalId: isaac.externalId,
      name: isaac.name,
    });
    expect(JSON.stringify(made.body)).not.toContain("1mz050nq");
    id = made.body.id;
    const { body } = await subjectNamed("isaac.brock@example.com");
    expect(body).toMatchObject({
      id,
      disabled: false,
      email: "isaac.brock@example.com",
      directory: "okta",
      groups: [],
    });
    // The name differs by case alone: it is the same person.
    expect((await api.scim("POST", "/Users", { ...isaac, userName: "ISAAC.brock@example.com" })).body).toMatchObject({
      status: "409",
      scimType: "uniqueness",
    });
    const found = await api.scim<Listed>(
      "GET",
      `/Users?filter=${encodeURIComponent('userName eq "ISAAC.BROCK@example.com"')}`,
    );
    expect(found.body.Resources).toMatchObject([{ id }]);
  });

  test("replaces them whole", async () => {
    const { body: read } = await api.scim<Shown>("GET", `/Users/${id}`);
    const put = await api.scim<Shown>("PUT", `/Users/${id}`, {
      ...read,
      name: { givenName: "Another", middleName: "Excited", familyName: "User" },
      title: "Lead",
    });
    expect(put.status).toBe(200);
    expect(put.body).toMatchObject({ title: "Lead", name: { middleName: "Excited" }, active: true });
  });

  test("deactivates without a path, and activates again", async () => {
    const off = await api.scim<Shown>("PATCH", `/Users/${id}`, patchOp({ op: "replace", value: { active: false } }));
    expect([off.status, off.body.active]).toEqual([200, false]);
    expect((await subjectNamed("isaac.brock@example.com")).body.disabled).toBe(true);
    const on = await api.scim<Shown>("PATCH", `/Users/${id}`, patchOp({ op: "replace", value: { active: true } }));
    expect(on.body.active).toBe(true);
  });

  test("pushes a group, renames it, adds and removes members", async () => {
    const made = await api.scim<Shown>("POST", "/Groups", {
      schemas: ["urn:ietf:params:scim:schemas:core:2.0:Group"],
      displayName: "Payments Team",
      members: [],
    });
    expect(made.status).toBe(201);
    group = made.body.id;
    const renamed = await api.scim(
      "PATCH",
      `/Groups/${group}`,
      patchOp({ op: "replace", value: { id: group, displayName: "Payments" } }),
    );
    expect(renamed.status).toBe(204);
    const added = await api.scim(
      "PATCH",
      `/Groups/${group}`,
      patchOp({ op: "add", path: "members", value: [{ value: id, display: "isaac.brock@example.com" }] }),
    );
    expect(added.status).toBe(204);
    expect((await subjectNamed(id)).body.groups).toEqual(["payments-team"]);
    expect((await api.scim<Shown>("GET", `/Groups/${group}`)).body).toMatchObject({
      displayName: "Payments",
      members: [{ value: id }],
    });
    expect((await api.scim<Shown>("GET", `/Users/${id}`)).body["groups"]).toMatchObject([
      { value: group, display: "Payments" },
    ]);
    await api.scim("PATCH", `/Groups/${group}`, patchOp({ op: "remove", path: `members[value eq "${id}"]` }));
    expect((await subjectNamed(id)).body.groups).toEqual([]);
    const replaced = await api.scim(
      "PATCH",
      `/Groups/${group}`,
      patchOp({ op: "replace", path: "members", value: [{ value: id }] }),
    );
    expect(replaced.status).toBe(204);
    expect((await subjectNamed(id)).body.groups).toEqual(["payments-team"]);
  });

  test("deletes the group: its members lose it", async () => {
    expect((await api.scim("DELETE", `/Groups/${group}`)).status).toBe(204);
    expect((await subjectNamed(id)).body.groups).toEqual([]);
    expect((await api.scim("GET", `/Groups/${group}`)).status).toBe(404);
  });
});

describe("the sequence of Entra", () => {
  let id: string;
  let group: string;

  test("looks for a user by userName and externalId, and creates them with the enterprise extension", async () => {
    for (const filter of [
      'userName eq "Test_User_1@example.org"',
      'externalId eq "0a21f0f2-8d2a-4f8e-bf98-7363c4aed4ef"',
    ]) {
      const none = await api.scim<Listed>("GET", `/Users?filter=${encodeURIComponent(filter)}`);
      expect([none.status, none.body.totalResults]).toEqual([200, 0]);
    }
    const made = await api.scim<Shown>("POST", "/Users", {
      schemas: [userSchema, enterprise],
      externalId: "0a21f0f2-8d2a-4f8e-bf98-7363c4aed4ef",
      userName: "Test_User_1@example.org",
      active: true,
      emails: [{ primary: true, type: "work", value: "Test_User_1@example.org" }],
      meta: { resourceType: "User" },
      name: { formatted: "givenName familyName", familyName: "familyName", givenName: "givenName" },
      [enterprise]: {
        department: "Payments",
        employeeNumber: "701984",
        manager: { value: "26118915", displayName: "Jo" },
      },
      roles: [],
    });
    expect(made.status).toBe(201);
    expect(made.body[enterprise]).toMatchObject({
      department: "Payments",
      employeeNumber: "701984",
      manager: { value: "26118915" },
    });
    expect(made.body["schemas"]).toContain(enterprise);
    id = made.body.id;
  });

  test("patches with capital letters, paths with filters, and texts for flags", async () => {
    const patched = await api.scim<Shown>(
      "PATCH",
      `/Users/${id}`,
      patchOp(
        { op: "Replace", path: 'emails[type eq "work"].value', value: "updated@example.org" },
        { op: "Replace", path: "name.familyName", value: "updatedFamilyName" },
        { op: "Add", path: `${enterprise}:costCenter`, value: "4130" },
        { op: "Add", path: 'phoneNumbers[type eq "mobile"].value', value: "+49 30 1234" },
        { op: "Replace", path: `${enterprise}:manager`, value: "99" },
      ),
    );
    expect(patched.status).toBe(200);
    expect(patched.body).toMatchObject({
      emails: [{ type: "work", value: "updated@example.org", primary: true }],
      name: { familyName: "updatedFamilyName", givenName: "givenName" },
      phoneNumbers: [{ type: "mobile", value: "+49 30 1234" }],
      [enterprise]: { costCenter: "4130", manager: { value: "99" } },
    });
    expect((await subjectNamed(id)).body.email).toBe("updated@example.org");
    // Without a path, with paths for keys.
    const keyed = await api.scim<Shown>(
      "PATCH",
      `/Users/${id}`,
      patchOp({
        op: "Replace",
        value: {
          displayName: "Bjorn",
          "name.givenName": "Björn",
          'emails[type eq "home"].value': "home@example.org",
          [`${enterprise}:department`]: "Billing",
          nonsense: { deep: [1, 2, 3] },
        },
      }),
    );
    expect(keyed.body).toMatchObject({
      displayName: "Bjorn",
      name: { givenName: "Björn", familyName: "updatedFamilyName" },
      emails: [{ value: "updated@example.org" }, { type: "home", value: "home@example.org" }],
      [enterprise]: { department: "Billing", costCenter: "4130" },
    });
    const gone = await api.scim<Shown>(
      "PATCH",
      `/Users/${id}`,
      patchOp({ op: "Remove", path: 'emails[type eq "home"]' }),
    );
    expect(gone.body["emails"]).toHaveLength(1);
  });

  test('deactivates by the text "False"', async () => {
    const off = await api.scim<Shown>(
      "PATCH",
      `/Users/${id}`,
      patchOp({ op: "Replace", path: "active", value: "False" }),
    );
    expect([off.status, off.body.active]).toEqual([200, false]);
    const again = await api.scim<Shown>("PATCH", `/Users/${id}`, patchOp({ op: "Add", path: "active", value: "True" }));
    expect(again.body.active).toBe(true);
  });

  test("creates a group, finds it without its members, and moves members", async () => {
    const made = await api.scim<Shown>("POST", "/Groups", {
      schemas: [
        "urn:ietf:params:scim:schemas:core:2.0:Group",
        "http://schemas.microsoft.com/2006/11/ResourceManagement/ADSCIM/2.0/Group",
      ],
      externalId: "8aa1a0c0-c4c3-4bc0-b4a5-2ef676900159",
      displayName: "displayName",
      meta: { resourceType: "Group" },
    });
    expect([made.status, made.body["displayName"]]).toEqual([201, "displayName"]);
    group = made.body.id;
    const found = await api.scim<Listed>(
      "GET",
      `/Groups?excludedAttributes=members&filter=${encodeURIComponent('displayName eq "DISPLAYNAME"')}`,
    );
    expect(found.body.Resources).toMatchObject([{ id: group }]);
    expect(found.body.Resources[0]).not.toHaveProperty("members");
    const added = await api.scim(
      "PATCH",
      `/Groups/${group}`,
      patchOp({ op: "Add", path: "members", value: [{ $ref: null, value: id }] }),
    );
    expect(added.status).toBe(204);
    expect((await subjectNamed(id)).body.groups).toEqual(["displayname"]);
    const member = await api.scim<Listed>(
      "GET",
      `/Groups?filter=${encodeURIComponent(`id eq "${group}" and members eq "${id}"`)}&attributes=id`,
    );
    expect(member.body.Resources).toEqual([{ schemas: ["urn:ietf:params:scim:schemas:core:2.0:Group"], id: group }]);
    // Its older way to remove.
    const removed = await api.scim(
      "PATCH",
      `/Groups/${group}`,
      patchOp({ op: "Remove", path: "members", value: [{ value: id }] }),
    );
    expect(removed.status).toBe(204);
    expect((await subjectNamed(id)).body.groups).toEqual([]);
    await api.scim(
      "PATCH",
      `/Groups/${group}`,
      patchOp({ op: "Replace", path: "displayName", value: "1879db59-3bdf-4490-ad68-ab880a269474" }),
    );
    expect((await api.scim<Shown>("GET", `/Groups/${group}`)).body["displayName"]).toBe(
      "1879db59-3bdf-4490-ad68-ab880a269474",
    );
  });

  test("deletes the user; whoever comes under that name is somebody else", async () => {
    await api.scim("PATCH", `/Groups/${group}`, patchOp({ op: "Add", path: "members", value: [{ value: id }] }));
    await call(api.app, "POST", "/api/v1/role-bindings", { role: "auditor", user: id }, api.admin);
    expect((await api.scim("DELETE", `/Users/${id}`)).status).toBe(204);
    expect((await api.scim("GET", `/Users/${id}`)).status).toBe(404);
    // A provider's word alone does not make them again.
    const { identity } = api.deps;
    await expect(identity.users.create({ name: "test_user_1@example.org" })).rejects.toMatchObject({ code: "denied" });
    expect(await identity.directories.departed("Test_User_1@example.org")).toBe(true);
    const again = await api.scim<Shown>("POST", "/Users", { userName: "test_user_1@example.org", active: true });
    expect(again.status).toBe(201);
    expect(again.body.id).not.toBe(id);
    const { body } = await subjectNamed("test_user_1@example.org");
    expect(body.groups).toEqual([]);
    const bindings = await call<{ items: unknown[] }>(
      api.app,
      "GET",
      `/api/v1/role-bindings?user=${again.body.id}`,
      undefined,
      api.admin,
    );
    expect(bindings.body.items).toEqual([]);
  });
});

describe("what every client may rely on", () => {
  test("discovery", async () => {
    expect((await api.scim("GET", "/ServiceProviderConfig")).body).toMatchObject({
      patch: { supported: true },
      bulk: { supported: false },
      etag: { supported: true },
    });
    const types = await api.scim<Listed>("GET", "/ResourceTypes");
    expect(types.body.Resources.map(({ id }) => id)).toEqual(["User", "Group"]);
    const schemas = await api.scim<Listed>("GET", "/Schemas");
    expect(schemas.body.Resources.map(({ id }) => id)).toContain(enterprise);
    expect((await api.scim("GET", `/Schemas/${userSchema}`)).body).toMatchObject({ id: userSchema });
    expect((await api.scim("GET", "/Schemas/urn:none")).body).toMatchObject({ status: "404" });
    expect((await api.scim("GET", "/Bulk")).body).toMatchObject({
      status: "404",
      schemas: ["urn:ietf:params:scim:api:messages:2.0:Error"],
    });
  });

  test("filters, pages and attributes", async () => {
    for (let n = 0; n < 7; n++)
      await api.scim("POST", "/Users", {
        userName: `page${n}@example.net`,
        externalId: `ext-${n}`,
        displayName: n % 2 === 0 ? "Even 100%_" : "Odd",
        title: n === 3 ? 'say "hi" \\o/' : "x",
        emails: [
          { type: "work", value: `p${n}@mail.example.net` },
          { type: "home", value: `h${n}@home.example.net` },
        ],
      });
    const names = async (filter: string, more = "") => {
      const { status, body } = await api.scim<Listed>("GET", `/Users?filter=${encodeURIComponent(filter)}${more}`);
      return status === 200 ? body.Resources.map(({ userName }) => String(userName).replace("@example.net", "")) : body;
    };
    expect(await names('emails.value eq "P2@mail.example.net"')).toEqual(["page2"]);
    expect(await names('emails[type eq "home" and value eq "h4@home.example.net"]')).toEqual(["page4"]);
    expect(await names('emails[type eq "work"].value eq "h4@home.example.net"')).toEqual([]);
    expect(await names('userName sw "page" and not (displayName eq "Odd")')).toEqual([
      "page0",
      "page2",
      "page4",
      "page6",
    ]);
    expect(await names('userName sw "page" and not (displayName eq "Odd" and externalId eq "ext-1")')).toHaveLength(6);
    expect(await names('displayName co "100%_" and (externalId eq "ext-0" or externalId eq "ext-2")')).toEqual([
      "page0",
      "page2",
    ]);
    expect(await names('displayName co "%%"')).toEqual([]);
    expect(await names('title eq "say \\"hi\\" \\\\o/"')).toEqual(["page3"]);
    expect(await names('userName ew "6@EXAMPLE.net"')).toEqual(["page6"]);
    expect(await names('userName sw "page" and active eq false')).toEqual([]);
    expect(await names('userName sw "page" and meta.created gt "2020-01-01T00:00:00Z"')).toHaveLength(7);
    expect(await names(`${userSchema}:userName eq "page1@example.net"`)).toEqual(["page1"]);
    expect(await names('userName sw "page" and nickName pr')).toEqual([]);
    const page = await api.scim<Listed>(
      "GET",
      `/Users?filter=${encodeURIComponent('userName sw "page"')}&startIndex=6&count=5&attributes=userName,emails.value`,
    );
    expect(page.body).toMatchObject({ totalResults: 7, startIndex: 6, itemsPerPage: 2 });
    expect(page.body.Resources[0]).toEqual({
      schemas: [userSchema],
      id: expect.any(String),
      userName: "page5@example.net",
      emails: [{ value: "p5@mail.example.net" }, { value: "h5@home.example.net" }],
    });
    const none = await api.scim<Listed>("GET", `/Users?filter=${encodeURIComponent('userName sw "page"')}&count=0`);
    expect(none.body).toMatchObject({ totalResults: 7, Resources: [] });
  });

  test("versions", async () => {
    const made = await api.scim<Shown>("POST", "/Users", { userName: "etag@example.net" });
    const etag = String(made.headers["etag"]);
    const path = `/Users/${made.body.id}`;
    expect((await api.scim("GET", path, undefined, { "if-none-match": etag })).status).toBe(304);
    const rename = patchOp({ op: "replace", path: "displayName", value: "one" });
    expect((await api.scim("PATCH", path, rename, { "if-match": etag })).status).toBe(200);
    const late = await api.scim("PATCH", path, rename, { "if-match": etag });
    expect(late.body).toMatchObject({ status: "412" });
    expect((await api.scim("DELETE", path, undefined, { "if-match": 'W/"77"' })).status).toBe(412);
    expect((await api.scim("DELETE", path, undefined, { "if-match": "*" })).status).toBe(204);
  });

  test("a user is renamed, and not to a name that is somebody's", async () => {
    const made = await api.scim<Shown>("POST", "/Users", { userName: "maiden@example.net" });
    const renamed = await api.scim<Shown>(
      "PATCH",
      `/Users/${made.body.id}`,
      patchOp({ op: "replace", value: { userName: "married@example.net" } }),
    );
    expect(renamed.status).toBe(200);
    expect((await subjectNamed("married@example.net")).body.id).toBe(made.body.id);
    const taken = await api.scim(
      "PATCH",
      `/Users/${made.body.id}`,
      patchOp({ op: "replace", value: { userName: "ADA" } }),
    );
    expect(taken.body).toMatchObject({ status: "409", scimType: "uniqueness" });
  });

  test("every change is recorded under the directory's name, with before and after", () => {
    const changes = api.recorder.entries.filter((entry) => entry.kind === "change");
    const off = changes.find(
      (entry) => entry.what === "directory.user.changed" && (entry.after as { active?: boolean }).active === false,
    );
    expect(off).toMatchObject({
      actor: { name: "directory okta" },
      target: "isaac.brock@example.com",
      before: { active: true },
    });
    expect(changes.find(({ what }) => what === "directory.group.changed")).toBeDefined();
  });
});
