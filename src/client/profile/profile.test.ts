import { chmodSync, mkdtempSync, rmSync, statSync } from "node:fs";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { ApiClient } from "../api-client.js";
import { loginTokens } from "./login-tokens.js";
import { type Login, ProfileStore } from "./profile-store.js";

let folder: string;
let server: Server;
let url: string;
/** Refresh tokens that were used; one used twice ends the login, as at a gateway. */
let used: string[];
let valid: Set<string>;

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), "hoop-profile-"));
  used = [];
  valid = new Set();
  server = createServer((request, response) => {
    let body = "";
    request.on("data", (chunk) => {
      body += chunk;
    });
    request.on("end", () => {
      const answer = (status: number, value: unknown) =>
        response
          .writeHead(status, { "content-type": status < 400 ? "application/json" : "application/problem+json" })
          .end(JSON.stringify(value));
      if (request.url === "/api/v1/login/token") {
        const { refreshToken } = JSON.parse(body) as { refreshToken: string };
        if (used.includes(refreshToken))
          return answer(401, { code: "unauthenticated", detail: "this login was renewed twice", hint: "hoop login" });
        used.push(refreshToken);
        const n = used.length;
        valid.add(`access-${n}`);
        return setTimeout(() => answer(200, { ...issued(n), subject: { name: "ada" } }), 30);
      }
      const token = request.headers.authorization?.replace("Bearer ", "");
      if (!token || !valid.has(token))
        return answer(401, { code: "unauthenticated", detail: "this token is not good" });
      answer(200, { token });
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterEach(() => {
  server.close();
  rmSync(folder, { recursive: true, force: true });
});

function issued(n: number, accessMs = 600_000) {
  return {
    accessToken: `access-${n}`,
    accessExpires: new Date(Date.now() + accessMs).toISOString(),
    refreshToken: `refresh-${n}`,
    refreshExpires: new Date(Date.now() + 86_400_000).toISOString(),
  };
}
const login = (accessMs?: number): Login => ({ url, subject: "ada", uid: 0, ...issued(0, accessMs) });

describe("the kept logins", () => {
  it("are in a file that only their owner can read, and in no other", async () => {
    const store = new ProfileStore(folder);
    await store.save(login());
    expect(statSync(store.path).mode & 0o777).toBe(0o600);
    chmodSync(store.path, 0o644);
    expect(() => store.find()).toThrow(/can be read by other users/);
  });

  it("are found by URL and host, the last one by nothing", async () => {
    const store = new ProfileStore(folder);
    await store.save({ ...login(), url: "https://one.example:8443" });
    await store.save({ ...login(), url: "https://two.example" });
    expect(store.find()?.url).toBe("https://two.example");
    expect(store.find("one.example")?.url).toBe("https://one.example:8443");
    expect(store.find("https://one.example:8443/console")?.url).toBe("https://one.example:8443");
    expect(store.find("three.example")).toBeNull();
    await store.remove("https://two.example");
    expect(store.find()?.url).toBe("https://one.example:8443");
  });
});

describe("the tokens of a login", () => {
  it("are used as they are while they are good", async () => {
    const store = new ProfileStore(folder);
    await store.save(login());
    expect(await loginTokens(store, url).token()).toBe("access-0");
    expect(used).toEqual([]);
  });

  it("are renewed once, also when several ask at the same moment through stores of their own", async () => {
    const store = new ProfileStore(folder);
    await store.save(login(-1));
    const sources = Array.from({ length: 6 }, () => loginTokens(new ProfileStore(folder), url));
    expect(new Set(await Promise.all(sources.map((source) => source.token())))).toEqual(new Set(["access-1"]));
    expect(used).toEqual(["refresh-0"]);
    expect(store.find()?.refreshToken).toBe("refresh-1");
  });

  it("are renewed when the gateway refuses one before its time, and the request goes again", async () => {
    const store = new ProfileStore(folder);
    await store.save(login());
    const api = new ApiClient({ url, tokens: loginTokens(store, url) });
    expect(await api.get("/me")).toEqual({ token: "access-1" });
    expect(used).toEqual(["refresh-0"]);
  });

  it("say what to do when the login is over", async () => {
    const store = new ProfileStore(folder);
    await store.save({ ...login(-1), refreshExpires: new Date(0).toISOString() });
    await expect(loginTokens(store, url).token()).rejects.toMatchObject({
      code: "unauthenticated",
      hint: `hoop login ${url}`,
    });
    used.push("refresh-0");
    await store.save(login(-1));
    await expect(loginTokens(store, url).token()).rejects.toMatchObject({
      code: "unauthenticated",
      message: "this login was renewed twice",
    });
  });
});
