import type { Mask, ScanRule } from "../../vocabulary/index.js";
import type { Detector } from "../detectors/detector.js";
import { detectors } from "../detectors/index.js";
import type { Effort } from "./effort.js";
import { apart, type Hit } from "./hit.js";
import { Prefilter } from "./prefilter.js";
import { trait } from "./traits.js";
import { UserPatterns } from "./user-patterns.js";

/** Longer texts are looked at in pieces of this length, each with some of the text around it. */
const window = 1_048_576;
const contextBefore = 256;
/** The longest value that is found whole over the end of a piece: a private key. */
const contextBehind = 70_000;

interface Wanted {
  readonly detector: Detector;
  readonly mask: Mask;
  /** Places of its patterns in its prefilter. */
  readonly at: readonly number[];
}

/** One prefilter and the detectors behind it. */
interface Stage {
  readonly needs: number;
  readonly prefilter: Prefilter;
  readonly matched: Uint8Array;
  readonly wanted: readonly Wanted[];
  /** Without one of these words no detector of it finds anything; null: any text may do. */
  readonly may: RegExp | null;
}

/** Finds values of the kinds that rules name, in texts with one character a byte. */
export class Finder {
  /** Traits of which a text must have one; with users' patterns any text is looked at. */
  readonly needs: number;
  readonly user: UserPatterns | null;
  readonly findsNamedSecrets: Mask | null;
  readonly #stages: readonly Stage[];
  /** Detectors for which what they need is test enough. */
  readonly #plain: readonly Pick<Wanted, "detector" | "mask">[];

  constructor(rules: readonly ScanRule[]) {
    // Where two rules look for the same, the first counts.
    const masks = new Map<string, Mask>();
    for (const { detect, mask } of rules) for (const name of detect) if (!masks.has(name)) masks.set(name, mask);
    const chosen = [...detectors.values()].filter(({ name }) => masks.has(name));
    this.#stages = (["numbers", "tokens", "names"] as const).flatMap((set) =>
      stageOf(
        chosen.filter((detector) => detector.set === set && detector.prefilters.length > 0),
        masks,
      ),
    );
    this.#plain = chosen
      .filter(({ prefilters }) => prefilters.length === 0)
      .map((detector) => ({ detector, mask: maskFor(masks.get(detector.name)!, detector) }));
    // What is escaped may be anything.
    this.needs = chosen.reduce<number>((all, { needs }) => all | needs, trait.escape | trait.entity);
    this.user = UserPatterns.from(rules);
    this.findsNamedSecrets = masks.get("secret") ?? null;
  }

  /**
   * What is found, in order, apart. `traits` are those of the text; left out, it may have all. Throws TooMuchEffort past what
   * `effort` allows.
   */
  find(text: string, traits = ~0, effort: Effort | null = null): readonly Hit[] {
    if (text.length <= window) return this.#findIn(text, traits, effort);
    const hits: Hit[] = [];
    for (let from = 0; from < text.length; from += window) {
      const begin = Math.max(0, from - contextBefore);
      for (const hit of this.#findIn(text.slice(begin, from + window + contextBehind), traits, effort)) {
        const start = begin + hit.start;
        // What begins behind this piece is found whole in the next one.
        if (start < from + window && begin + hit.end > from) hits.push({ ...hit, start, end: begin + hit.end });
      }
    }
    return apart(hits);
  }

  #findIn(text: string, traits: number, effort: Effort | null): readonly Hit[] {
    const hits: Hit[] = [];
    for (const { needs, prefilter, matched, wanted, may } of this.#stages) {
      if ((needs & traits) === 0) continue;
      matched.fill(0);
      if (may === null || may.test(text)) prefilter.match(text, matched);
      for (const { detector, mask, at } of wanted) {
        if (!at.some((place) => matched[place] === 1)) continue;
        effort?.spend(text.length * (detector.cost ?? 1));
        detector.find(text, (start, end) => hits.push({ start, end, kind: detector.name, mask }));
      }
    }
    for (const { detector, mask } of this.#plain) {
      if ((detector.needs & traits) === 0) continue;
      effort?.spend(text.length * (detector.cost ?? 1));
      detector.find(text, (start, end) => hits.push({ start, end, kind: detector.name, mask }));
    }
    if (this.user !== null) {
      effort?.spend(text.length);
      this.user.find(text, hits);
    }
    return apart(hits);
  }
}

function stageOf(chosen: readonly Detector[], masks: ReadonlyMap<string, Mask>): Stage[] {
  if (chosen.length === 0) return [];
  const patterns = [...new Set(chosen.flatMap(({ prefilters }) => prefilters))];
  return [
    {
      needs: chosen.reduce<number>((all, { needs }) => all | needs, 0),
      prefilter: new Prefilter(patterns),
      matched: new Uint8Array(patterns.length),
      wanted: chosen.map((detector) => ({
        detector,
        mask: maskFor(masks.get(detector.name)!, detector),
        at: detector.prefilters.map((pattern) => patterns.indexOf(pattern)),
      })),
      may: chosen.length === 1 ? (chosen[0]!.may ?? null) : null,
    },
  ];
}

/** What the rule leaves open, what was found decides: ends of a card are shown as a card's. */
function maskFor(mask: Mask, { partial, token }: Detector): Mask {
  if (mask.method === "partial") return { ...mask, as: mask.as ?? partial };
  if (mask.method === "tokenize") return { ...mask, as: mask.as ?? token };
  return mask;
}
