import { type CompiledPolicy, compilePolicy } from "../compile.js";
import { parseDocuments } from "../parse-documents.js";

/** One policy document for tests. */
export const document = (kind: string, name: string, spec: object): object => ({
  apiVersion: "hoop/v1",
  kind,
  metadata: { name },
  spec,
});

export const setOf = (...documents: readonly object[]): CompiledPolicy =>
  compilePolicy(parseDocuments(JSON.stringify(documents)));

/** Everybody reads and writes everywhere. */
export const readWrite = document("access", "read-write", {
  who: "everyone",
  where: "everywhere",
  effects: ["read", "write"],
});

export const approvedBy = (...groups: readonly string[]): object => ({ approvals: { groups } });
