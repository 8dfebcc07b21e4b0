import fc from "fast-check";
import { expect, test } from "vitest";
import { replicationCommand } from "./replication.js";

test.each([
  ["IDENTIFY_SYSTEM", ["read"], []],
  ["identify_system;", ["read"], []],
  ["TIMELINE_HISTORY 1", ["read"], []],
  ['READ_REPLICATION_SLOT "a"', ["read"], []],
  ['CREATE_REPLICATION_SLOT "a" LOGICAL "pgoutput" (SNAPSHOT \'nothing\')', ["admin"], ["replication"]],
  ['DROP_REPLICATION_SLOT "a" WAIT', ["admin"], ["replication"]],
  ['START_REPLICATION SLOT "a" LOGICAL 0/0 ("proto_version" \'1\')', ["read", "admin"], ["replication"]],
  ["START_REPLICATION 0/3000000 TIMELINE 1", ["read", "admin"], ["replication"]],
  [
    "BASE_BACKUP ( LABEL 'pg_basebackup base backup',  PROGRESS,  WAIT 0,  TARGET 'client')",
    ["read", "admin"],
    ["replication"],
  ],
])("%s", (text, effects, escapes) => {
  const analysis = replicationCommand(text)!;
  expect(analysis).toMatchObject({ effects, attributes: { escapes }, unknowns: [] });
  // A rule about any relation has a say in what shows all of them.
  const streams = /^(START|BASE)/.test(text);
  expect(analysis.resources).toEqual(streams ? [{ kind: "relation", name: "?.?", access: "read" }] : []);
});

test.each([
  "",
  ";",
  "select 1",
  "SHOW work_mem",
  '"IDENTIFY_SYSTEM"',
  "; IDENTIFY_SYSTEM",
  "IDENTIFY_SYSTEM; drop table t",
  "IDENTIFY_SYSTEM;;",
  "IDENTIFY_SYSTEM /* ; */",
  "-- \nIDENTIFY_SYSTEM",
  "IDENTIFY_SYSTEM\0",
  "START_REPLICATION SLOT 'a",
  "IDENTIFY_SYSTEMS",
  "drop table t; IDENTIFY_SYSTEM",
])("not one, so it is read as SQL: %j", (text) => {
  expect(replicationCommand(text)).toBeNull();
});

test("whatever stands behind a semicolon, it is never taken for one command", () => {
  fc.assert(
    fc.property(fc.string({ minLength: 1 }), (more) => {
      fc.pre(more.trim() !== "");
      expect(replicationCommand(`IDENTIFY_SYSTEM; ${more}x`)).toBeNull();
    }),
  );
});
