import { randomUUID } from "node:crypto";
import { describe, expect, it } from "vitest";
import { compilePolicy, gridCells, gridPage, gridRows, parseDocuments, unmetDemand } from "../policy/index.js";
import { capabilities } from "../protocol/index.js";
import { connectionId, type Subject, subjectId } from "../vocabulary/index.js";
import { abilitiesOf } from "./abilities.js";
import { protocols } from "./protocols.js";

const abilities = protocols.map(abilitiesOf);
const subject: Subject = {
  id: subjectId(randomUUID()),
  kind: "agent",
  name: "anna",
  groups: ["engineers"],
  version: 1,
};
// What the examples of the criteria ask for.
const connection = (protocol: string) => ({
  id: connectionId(randomUUID()),
  name: "pg-demo",
  protocol,
  host: "db",
  port: 1,
  agent: null,
  labels: { env: "prod", team: "crm" },
  tls: { mode: "disable" as const },
  target: {},
  exposesCredentialToAgent: false,
  version: 1,
});

describe("the capability grid", () => {
  it("is the page in the documentation: `vitest run --project unit src/gateway/capability-grid -u` writes it anew", async () => {
    await expect(gridPage(abilities)).toMatchFileSnapshot("../../docs/capability-grid.md");
  });

  it("names capabilities that protocols can have, and no others", () => {
    const known = new Set<string>(capabilities);
    const named = gridRows().flatMap(({ needs }) => needs.flatMap((need) => need.split("|")));
    expect(named.filter((need) => !known.has(need) && !need.startsWith("attribute:"))).toEqual([]);
  });

  it.each(
    gridRows()
      .filter(({ document }) => document.kind !== "request")
      .flatMap((row) => abilities.map((protocol) => [row.group, row.what, protocol.name, row, protocol] as const)),
  )("is enforced or refused, never silent: %s, %s, %s", (_group, _what, name, row, protocol) => {
    const documents = [{ apiVersion: "hoop/v1", ...row.document, metadata: { name: "the-rule" } }];
    const set = compilePolicy(parseDocuments(JSON.stringify(documents)));
    const demands = set.demands(subject, connection(name));
    const concerned = set.scope(subject, connection(name));
    const inForce = [...concerned.access, ...concerned.guards, ...concerned.masks, ...concerned.budgets].length > 0;
    const lacks = gridCells(row, [protocol])[0]!.lacks;
    // A rule that is about other people or connections asks nothing here.
    expect(unmetDemand(demands, protocol) !== null).toBe(inForce && lacks.length > 0);
  });
});
