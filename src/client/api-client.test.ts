import { createServer, type RequestListener, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach, describe, expect, it } from "vitest";
import { ApiClient } from "./api-client.js";
import { errorFromProblem } from "./problem.js";

const servers: Server[] = [];
afterEach(() => {
  for (const server of servers.splice(0)) {
    server.closeAllConnections();
    server.close();
  }
});

async function serve(listener: RequestListener): Promise<ApiClient> {
  const server = createServer(listener);
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return new ApiClient({
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    tokens: { token: async () => "t", renew: async () => null },
  });
}

describe("the API client", () => {
  it("sends token, query and body, and reads the answer", async () => {
    const api = await serve((request, response) => {
      let body = "";
      request.on("data", (chunk) => {
        body += chunk;
      });
      request.on("end", () =>
        response.end(
          JSON.stringify([
            request.method,
            request.url,
            request.headers.authorization,
            request.headers["if-match"],
            body,
          ]),
        ),
      );
    });
    expect(
      await api.patch("/connections/a", { query: { a: 1, b: undefined }, body: { port: 1 }, ifMatch: '"3"' }),
    ).toEqual(["PATCH", "/api/v1/connections/a?a=1", "Bearer t", '"3"', '{"port":1}']);
  });

  it("answers nothing for an empty answer", async () => {
    const api = await serve((_, response) => response.writeHead(204).end());
    expect(await api.delete("/x")).toBeUndefined();
  });

  it("turns a problem into its error", async () => {
    const api = await serve((_, response) =>
      response
        .writeHead(409, { "content-type": "application/problem+json" })
        .end('{"code":"conflict","detail":"there is one","hint":"look"}'),
    );
    await expect(api.post("/x")).rejects.toMatchObject({ code: "conflict", message: "there is one", hint: "look" });
  });

  it("follows no redirect: the token would go along", async () => {
    const api = await serve((_, response) => response.writeHead(302, { location: "http://evil.example/" }).end());
    await expect(api.get("/x")).rejects.toMatchObject({
      code: "unavailable",
      message: expect.stringContaining("evil.example"),
    });
  });

  it("gives up on an answer that does not come, is no JSON, or is cut", async () => {
    const silent = await serve(() => {});
    await expect(silent.get("/x", { timeoutMs: 100 })).rejects.toMatchObject({ code: "timeout" });
    const page = await serve((_, response) => response.end("<html>"));
    await expect(page.get("/x")).rejects.toMatchObject({ code: "malformed" });
    const cut = await serve((_, response) => {
      response.writeHead(200, { "content-length": "100" });
      response.write("{");
      setTimeout(() => response.destroy(), 20);
    });
    await expect(cut.get("/x")).rejects.toMatchObject({ code: "unavailable" });
  });

  it("says that nobody listens", async () => {
    const api = await serve(() => {});
    servers.splice(0)[0]!.close();
    await expect(api.get("/x")).rejects.toMatchObject({
      code: "unavailable",
      message: expect.stringContaining("refused the connection"),
    });
  });
});

describe("an error that something in between made", () => {
  it("is told by its status alone", () => {
    expect(errorFromProblem(502, "text/html", "<h1>", "gw").toJSON()).toMatchObject({
      code: "unavailable",
      message: "gw answered 502",
    });
    expect(errorFromProblem(418, "application/json", "{", "gw").code).toBe("invalid");
    expect(errorFromProblem(500, "application/json", '{"code":"__proto__","detail":"x"}', "gw").code).toBe("internal");
  });
});
