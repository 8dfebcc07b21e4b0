import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type App, createApi } from "../../src/api/index.js";
import { call, password, setUp, startTestApi, type TestApi } from "./support.js";

let api: TestApi;
let app: App;
let folder: string;

beforeAll(async () => {
  api = await startTestApi();
  await setUp(api);
  folder = await mkdtemp(join(tmpdir(), "hoop-console-"));
  await mkdir(join(folder, "assets"));
  await writeFile(join(folder, "index.html"), "<!doctype html><title>Hoop</title>");
  await writeFile(join(folder, "assets", "app-1a2b.js"), "export {};");
  app = await createApi(api.deps, {
    tls: null,
    publicUrl: "https://hoop.test",
    trustProxy: ["127.0.0.1"],
    consoleFolder: folder,
  });
});
afterAll(async () => {
  await app.close();
  await api.close();
  await rm(folder, { recursive: true, force: true });
});

test("the console's files are served, its page for every path of its own", async () => {
  const asset = await call<string>(app, "GET", "/assets/app-1a2b.js");
  expect(asset).toMatchObject({
    status: 200,
    body: "export {};",
    headers: { "cache-control": expect.stringContaining("immutable") },
  });
  for (const path of ["/", "/index.html", "/sessions/42", "/login/device?code=BCDF-GHJK"]) {
    const page = await call<string>(app, "GET", path);
    expect(page, path).toMatchObject({
      status: 200,
      body: expect.stringContaining("Hoop"),
      headers: { "cache-control": "no-cache" },
    });
    const policy = String(page.headers["content-security-policy"]);
    expect(policy).toContain("script-src 'self'");
    expect(policy).toContain("frame-ancestors 'none'");
  }
});

test("what is not there is not the page", async () => {
  expect((await call(app, "GET", "/assets/none.js")).status).toBe(404);
  expect((await call(app, "GET", "/api/v1/none")).body).toMatchObject({ code: "not-found" });
  expect((await call(app, "POST", "/sessions/42", {})).status).toBe(404);
  for (const path of ["/../package.json", "/..%2f..%2fetc%2fpasswd", "/assets/..%2f..%2f..%2fetc/passwd"]) {
    expect(JSON.stringify((await call(app, "GET", path)).body)).not.toMatch(/root:|"name":"hoop"/);
  }
});

test("behind a proxy that speaks https the cookie is secure and bound to this host, and the public address is an own origin", async () => {
  const https = { "x-forwarded-proto": "https", "x-forwarded-host": "inner.test" };
  const login = await call<{ csrfToken: string }>(
    app,
    "POST",
    "/api/v1/login",
    { name: "ada", password, as: "browser" },
    https,
  );
  const cookie = String(login.headers["set-cookie"]);
  expect(cookie).toMatch(/^__Host-hoop=hoop_bs_/);
  expect(cookie).toMatch(/; Secure/);
  const headers = {
    ...https,
    cookie: cookie.split(";", 1)[0]!,
    origin: "https://hoop.test",
    "x-csrf-token": login.body.csrfToken,
  };
  expect((await call(app, "POST", "/api/v1/logout", undefined, headers)).status).toBe(204);
  const device = await call<{ verification_uri: string }>(app, "POST", "/api/v1/login/device", {});
  expect(device.body.verification_uri).toBe("https://hoop.test/login/device");
});

test("who is no proxy of ours cannot say where it comes from", async () => {
  const response = await app.inject({
    method: "POST",
    url: "/api/v1/login",
    remoteAddress: "203.0.113.5",
    headers: { "x-forwarded-proto": "https" },
    payload: { name: "ada", password, as: "browser" },
  });
  expect(String(response.headers["set-cookie"])).not.toContain("__Host-");
});
