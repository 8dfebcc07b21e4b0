import { type Connection, HoopError, type Subject } from "../vocabulary/index.js";
import { versionOf } from "./canonical.js";
import { decide } from "./decide.js";
import { demandsOf } from "./demands.js";
import type { PolicyDocument } from "./documents/index.js";
import { explainRule } from "./explain.js";
import { createMasksFor } from "./masks-for.js";
import { parseDocument } from "./parse-documents.js";
import type { PolicySet } from "./policy.js";
import { requestTerms } from "./request-terms.js";
import { revealTerms, tokenMakings } from "./reveal-terms.js";
import { type Rule, ruleFrom } from "./rule.js";
import { createScopes, type Scope } from "./scope.js";
import { targetRoles } from "./target-roles.js";

/** A policy set with what it was made of, for `simulate` and for plans. */
export interface CompiledPolicy extends PolicySet {
  readonly documents: readonly PolicyDocument[];
  readonly rules: readonly Rule[];
  /** The rules that concern a subject on a connection. */
  scope(subject: Subject, connection: Connection): Scope;
}

/**
 * Compiles documents to closures, once. Throws HoopError `invalid` when one is not valid by today's schemas or when two
 * share a name: there is no set without one of its rules.
 *
 * @example const set = compilePolicy(parseDocuments(text)); set.decide({ subject, connection, analysis, now });
 */
export function compilePolicy(documents: readonly PolicyDocument[]): CompiledPolicy {
  const names = new Set<string>();
  const rules: Rule[] = [];
  for (const document of documents) {
    const { parsed } = parseDocument(document, "policy");
    const rule = ruleFrom(parsed);
    if (names.has(parsed.metadata.name)) throw doubled(parsed.metadata.name);
    names.add(parsed.metadata.name);
    if (rule) rules.push(rule);
  }
  const version = versionOf(documents);
  const scopeFor = createScopes(rules);
  const masksFor = createMasksFor();
  return {
    version,
    documents,
    rules,
    scope: scopeFor,
    decide: (situation) => decide(scopeFor(situation.subject, situation.connection), situation, version),
    masksFor: (subject, connection, now, purpose) =>
      masksFor(scopeFor(subject, connection), subject, connection, now, purpose),
    requestTerms: (subject, connection, effects, now) =>
      requestTerms(scopeFor(subject, connection), subject, connection, effects, now),
    revealTerms: (subject, purpose, now) => revealTerms(rules, subject, purpose, now),
    tokenMakings: (purpose, column) => tokenMakings(rules, purpose, column),
    targetRoles: (subject, connection, now) => targetRoles(scopeFor(subject, connection), subject, connection, now),
    demands: (subject, connection) => demandsOf(scopeFor(subject, connection)),
    explain: () => rules.map((rule) => ({ rule: rule.id, text: explainRule(rule) })),
  };
}

function doubled(name: string): HoopError {
  return new HoopError("invalid", `two policy documents are named "${name}"`, {
    hint: "names are unique among all kinds",
  });
}
