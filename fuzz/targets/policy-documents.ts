import { compilePolicy } from "../../src/policy/compile.js";
import { defaultPolicy } from "../../src/policy/defaults.js";
import { parseDocuments } from "../../src/policy/parse-documents.js";
import { HoopError } from "../../src/vocabulary/index.js";
import { type FuzzTarget, kindOf } from "../target.js";

/** Policy documents: valid as a whole and then compilable and explainable, or refused with a HoopError. */
export const policyDocuments: FuzzTarget = {
  name: "policy-documents",
  seeds: () => defaultPolicy.split("\n---\n").map((document) => Buffer.from(document)),
  run(input) {
    try {
      const documents = parseDocuments(input.toString("utf8"), "fuzz");
      const rules = compilePolicy(documents).explain();
      return `${documents.map(({ kind }) => kind).join(" ")}: ${rules.length}`;
    } catch (error) {
      if (!(error instanceof HoopError) || error.code !== "invalid") throw error;
      return kindOf(error).slice(0, 60);
    }
  },
};
