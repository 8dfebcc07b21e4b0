import type { Catalogue } from "../../vocabulary/index.js";
import type { SqlAnalysis } from "../analyser.js";
import { escapesNames, label, mentionedIn, opaqueFunction, wordsOf } from "./mentioned.js";
import { leading } from "./plain-write.js";

/**
 * Why the planner may not be asked about a statement: planning runs functions. Null: whatever it could run is the server's own,
 * or a superuser's in C that depends on nothing but its arguments (an extension's operator).
 */
export function unexplainable(text: string, analysis: SqlAnalysis, catalogue: Catalogue): string | null {
  if (analysis.unknowns[0] !== undefined) return `not everything that it reaches is known: ${analysis.unknowns[0]}`;
  if (analysis.statements !== 1) return "it is not one statement";
  if (!/^(?:select|insert|update|delete|merge|with|values|table)\b|^\(/i.test(text.replace(leading, "")))
    return "the planner has no word for this kind of statement";
  const words = wordsOf(catalogue);
  const texts = [text];
  const calls = new Set<number>(catalogue.implicitCasts ?? []);
  const reached = new Set<number>();
  const queue = [...analysis.reach];
  for (let id = queue.pop(); id !== undefined; id = queue.pop()) {
    if (reached.has(id)) continue;
    reached.add(id);
    const relation = words.relationsById.get(id);
    if (relation === undefined) {
      if (id >= 16_384) return `relation ${id} is not in the catalogue as it was read`;
      continue;
    }
    if (relation.kind === "foreign") return `${relation.schema}.${relation.name} is a foreign table`;
    queue.push(...relation.reads);
    for (const call of relation.calls) calls.add(call);
    for (const { typeId } of relation.columns) for (const call of words.typesById.get(typeId) ?? []) calls.add(call);
    if (relation.definition !== null) texts.push(relation.definition);
  }
  for (const each of texts) {
    if (escapesNames(each)) return "it spells names with escapes";
    const mentioned = mentionedIn(each, catalogue);
    const [fn] = mentioned.functions;
    if (fn !== undefined) return `it mentions ${label(fn)}, and planning may run functions`;
    for (const id of mentioned.calls) calls.add(id);
  }
  for (const id of calls) {
    const fn = words.functionsById.get(id);
    if (fn === undefined && id >= 16_384) return `function ${id} is not in the catalogue as it was read`;
    if (fn !== undefined && (fn.body !== null || opaqueFunction(fn) !== null))
      return `${label(fn)} may run while it is planned`;
  }
  return null;
}
