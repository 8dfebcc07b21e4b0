import { z } from "zod";
import { type Access, type Analysis, accesses, type Resource } from "../../vocabulary/index.js";
import { type Answer, either } from "../answer.js";
import { compileGlob, type Glob } from "../glob.js";
import { manyOf, oneOf, strict } from "../schema.js";
import { joinOr } from "../words.js";
import { type Criterion, criterion } from "./criterion.js";
import { isUnreadable } from "./effects.js";

/** A dotted pattern: one glob a part, compared exactly and, second, in lower case. */
export interface DottedGlob {
  readonly text: string;
  readonly exact: readonly Glob[];
  readonly folded: readonly Glob[];
}

interface Wanted {
  readonly any?: readonly DottedGlob[] | undefined;
  readonly only?: readonly DottedGlob[] | undefined;
  readonly access?: readonly Access[] | undefined;
}

interface ResourceCriterion<Name extends string> {
  readonly name: Name;
  readonly kind: Resource["kind"];
  /** How many parts its names have; a shorter pattern matches under any leading parts. */
  readonly parts: number;
  readonly summary: string;
  readonly example: unknown;
  readonly noun: string;
}

/** A criterion on the resources of one kind that a statement touches. */
export function resourceCriterion<const Name extends string>(about: ResourceCriterion<Name>): Criterion<Name> {
  const pattern = dottedSchema(about.parts);
  return criterion({
    name: about.name,
    about: "statement",
    summary: about.summary,
    example: about.example,
    data: strict({
      any: manyOf(pattern).optional(),
      only: manyOf(pattern).optional(),
      access: manyOf(oneOf(accesses)).optional(),
    }).refine(
      ({ only, any }) => (only === undefined) !== (any === undefined),
      "say either `only` or `any`",
    ) as z.ZodType<Wanted, unknown>,
    test: (wanted, { analysis }) => testResources(about.kind, wanted, analysis),
    dependsOn: "shape",
    // Only who knows the target's catalogue can say which names a statement reaches.
    needs: ["judge-statements", "catalogue"],
    reasons: { yes: `${about.name}-matched`, no: `${about.name}-not-matched`, unknown: `${about.name}-unknown` },
    explain: ({ any, only, access }) => {
      const how = access ? joinOr(access) : "touch";
      return any
        ? `may ${how} ${about.noun} ${joinOr(any.map((glob) => glob.text))}`
        : `may ${how} no ${about.noun} but ${joinOr((only ?? []).map((glob) => glob.text))}`;
    },
  });
}

function testResources(kind: Resource["kind"], wanted: Wanted, analysis: Analysis): Answer {
  const unread = isUnreadable(analysis);
  const { any, only, access } = wanted;
  let answer: Answer = any && !unread ? "no" : unread ? "unknown" : "yes";
  for (const touched of touchedBy(analysis)) {
    if (touched.kind !== kind || (access && !access.includes(touched.access))) continue;
    const one = matchAny(any ?? only ?? [], touched);
    if (any) answer = either(answer, one);
    else if (one === "no") return "no";
    else if (one === "unknown") answer = "unknown";
  }
  return answer;
}

/** A resource with its name cut into parts, as it is and in lower case. */
interface Touched {
  readonly kind: Resource["kind"];
  readonly access: Access;
  readonly parts: readonly string[];
  readonly folded: readonly string[];
}

// A thousand rules look at the same statement: its names are cut once.
const touched = new WeakMap<Analysis, readonly Touched[]>();

function touchedBy(analysis: Analysis): readonly Touched[] {
  let found = touched.get(analysis);
  if (!found) {
    found = analysis.resources.map(({ kind, access, name }) => {
      const parts = name.split(".");
      return { kind, access, parts, folded: parts.map((part) => part.toLowerCase()) };
    });
    touched.set(analysis, found);
  }
  return found;
}

/** Whether one of the patterns matches a dotted name. */
export function matchName(globs: readonly DottedGlob[], name: string): Answer {
  const parts = name.split(".");
  return matchAny(globs, { parts, folded: parts.map((part) => part.toLowerCase()) });
}

function matchAny(globs: readonly DottedGlob[], { parts, folded }: Pick<Touched, "parts" | "folded">): Answer {
  let answer: Answer = "no";
  for (const glob of globs) {
    const one = matchDotted(glob, parts, folded);
    if (one === "yes") return "yes";
    if (one === "unknown") answer = "unknown";
  }
  return answer;
}

function matchDotted(glob: DottedGlob, parts: readonly string[], folded: readonly string[]): Answer {
  const wanted = glob.exact.length;
  if (parts.length === wanted) return matchParts(glob, parts, folded);
  if (parts.length < wanted) {
    const missing = Array<string>(wanted - parts.length).fill("?");
    return matchParts(glob, [...missing, ...parts], [...missing, ...folded]);
  }
  // A quoted identifier may hold dots: any way to cut it might be the right one, none is certain.
  for (const cut of cuts(folded, wanted)) if (matchParts(glob, cut, cut) !== "no") return "unknown";
  return "no";
}

function matchParts(glob: DottedGlob, parts: readonly string[], folded: readonly string[]): Answer {
  let answer: Answer = "yes";
  // From the right: the last part tells most apart.
  for (let i = parts.length - 1; i >= 0; i--) {
    const part = parts[i]!;
    if (glob.exact[i]!.matches(part)) continue;
    // `?` was not resolved and `*` is every column: it may be the one that is meant. A name that differs by case only is
    // another object at the target, yet too likely a slip of whoever wrote the rule to let a denial miss it.
    if (part === "?" || part === "*" || glob.folded[i]!.matches(folded[i]!)) answer = "unknown";
    else return "no";
  }
  return answer;
}

const maxParts = 8;

function cuts(parts: readonly string[], wanted: number): string[][] {
  // Longer than anything we know how to cut: one part that could be anything.
  if (parts.length > maxParts) return [Array<string>(wanted).fill("?")];
  if (wanted === 1) return [[parts.join(".")]];
  const all: string[][] = [];
  for (let first = 1; first <= parts.length - wanted + 1; first++) {
    for (const rest of cuts(parts.slice(first), wanted - 1)) all.push([parts.slice(0, first).join("."), ...rest]);
  }
  return all;
}

/** A name or pattern of so many dotted parts at most. */
export function dottedSchema(parts: number): z.ZodType<DottedGlob, unknown> {
  return z
    .string("expected a name or a pattern with *")
    .min(1)
    .max(400)
    .refine((text) => text.split(".").every((part) => part !== ""), "a part between dots is empty")
    .refine((text) => text.split(".").length <= parts, `has more than ${parts} parts`)
    .transform((text): DottedGlob => {
      const given = text.split(".");
      const full = [...Array<string>(parts - given.length).fill("*"), ...given];
      return {
        text,
        exact: full.map(compileGlob),
        folded: full.map((part) => compileGlob(part.toLowerCase())),
      };
    });
}
