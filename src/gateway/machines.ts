import { Environment } from "@marcbachmann/cel-js";
import type { Identity } from "../identity/index.js";
import { type CompileCondition, createMachines, type Machines } from "../identity/machines/index.js";
import { compileExpression } from "../policy/cel/expression.js";
import { createIdentityStore } from "../storage/identity.js";
import { createMachineStore } from "../storage/machines.js";
import type { Store } from "../storage/store.js";
import type { Log } from "./log.js";

/** What the condition of a trust may read: the claims of a token, and nothing else. */
const claimsOnly = new Environment({
  limits: { maxAstNodes: 200, maxDepth: 20, maxListElements: 100, maxMapEntries: 20, maxCallArguments: 4 },
}).registerVariable("claims", "map<string, dyn>");

/** Expressions over `claims`, in the language of rules. */
export const compileCondition: CompileCondition = (text) => {
  const expression = compileExpression(text, claimsOnly);
  if (typeof expression === "string") return expression;
  return (claims) => expression.run({ claims: new Map(Object.entries(claims)) }) === true;
};

export function startMachines(parts: {
  readonly store: Store;
  readonly identity: Identity;
  readonly log: Log;
}): Machines {
  const { store, identity, log } = parts;
  return createMachines({
    store: createMachineStore(store),
    identities: createIdentityStore(store),
    authenticator: identity.authenticator,
    compile: compileCondition,
    log,
  });
}
