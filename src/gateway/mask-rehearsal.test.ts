import { describe, expect, test } from "vitest";
import type { PolicySource } from "../policy/index.js";
import { compilePolicy, parseDocuments } from "../policy/index.js";
import type { Rehearsal, Review } from "../reviews/index.js";
import { type Connection, connectionId, type Subject, subjectId } from "../vocabulary/index.js";
import { maskRehearsal } from "./mask-rehearsal.js";

const connection: Connection = {
  id: connectionId("00000000-0000-4000-8000-00000000c000"),
  name: "pg",
  protocol: "postgres",
  host: "127.0.0.1",
  port: 5432,
  agent: null,
  labels: {},
  tls: { mode: "disable" },
  target: {},
  exposesCredentialToAgent: false,
  version: 1,
};
const viewer: Subject = {
  id: subjectId("00000000-0000-4000-8000-000000000001"),
  kind: "person",
  name: "rick",
  groups: ["dba"],
  version: 1,
};
const set = compilePolicy(
  parseDocuments(`
apiVersion: hoop/v1
kind: mask
metadata: { name: mails }
spec: { columns: [shop.customers.email], mask: { method: redact } }
---
apiVersion: hoop/v1
kind: mask
metadata: { name: numbers }
spec: { columns: ["*.*.ssn"], mask: { method: "null" } }
`),
);
const policy: PolicySource = { current: () => set, watch: () => () => {} };

function shown(row: Record<string, string | null>, relations: readonly string[], may = true) {
  const review = {
    connections: [{ id: connection.id, name: "pg" }],
    head: {
      analysis: {
        shape: "",
        effects: ["write"],
        resources: relations.map((name) => ({ kind: "relation", name, access: "write" })),
        attributes: {},
        unknowns: [],
      },
    },
  } as unknown as Review;
  const rehearsal: Rehearsal = {
    kind: "tried",
    rows: 1,
    keys: null,
    ran: null,
    before: [row],
    after: [row],
    triggers: [],
    cascades: [],
  };
  const ports = { policy, connection: () => connection, mayConnect: () => may, key: Buffer.alloc(32) };
  const masked = maskRehearsal(ports, viewer, review, rehearsal);
  if (masked.kind !== "tried") throw new Error("not tried");
  expect(masked.after).toEqual(masked.before);
  return masked.before[0];
}

const row = { id: "1", Email: "jane@example.com", ssn: "123", note: null };

describe("a rehearsal", () => {
  test("is masked by the rules for whoever looks, on the relation that is written", () => {
    expect(shown(row, ["shop.customers"])).toEqual({ id: "1", Email: "***", ssn: null, note: null });
    expect(shown(row, ["shop.orders"])).toEqual({ id: "1", Email: "jane@example.com", ssn: null, note: null });
  });

  test("is masked by a column's name alone where the relation is not known", () => {
    expect(shown(row, [])).toMatchObject({ Email: "***" });
    expect(shown(row, ["?.customers"])).toMatchObject({ Email: "***" });
    expect(shown(row, ["?"])).toMatchObject({ Email: "***" });
  });

  test("takes a column's own word for where it comes from", () => {
    expect(shown({ "shop.customers.email": "jane@example.com" }, ["shop.orders"])).toEqual({
      "shop.customers.email": "***",
    });
  });

  test("shows no value to who may not open the connection", () => {
    expect(shown(row, ["shop.orders"], false)).toEqual({ id: "***", Email: "***", ssn: "***", note: null });
  });
});
