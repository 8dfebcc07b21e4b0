import { describe, expect, it } from "vitest";
import { postgres } from "../protocols/postgres/index.js";
import type { Connection } from "../vocabulary/index.js";
import { exampleFor } from "./client-service.js";

const connection = { name: "pg-prod", port: 6432 } as Connection;

describe("the example that a tunnel fills in", () => {
  it("has the port in brackets, since the usual one is left out", () => {
    expect(exampleFor(connection, postgres)).toBe("psql -h {host}[ -p {port}]");
  });

  it("has no brackets where the port is always said", () => {
    const http = {
      defaultPort: 80,
      example: (_: Connection, at: { host: string; port: number }) => `curl http://${at.host}:${at.port}/`,
    };
    expect(exampleFor(connection, http)).toBe("curl http://{host}:{port}/");
  });
});
