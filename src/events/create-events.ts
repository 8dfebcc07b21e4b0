import { deadline, HoopError } from "../vocabulary/index.js";
import { catalogue, typeOf } from "./catalogue/index.js";
import { type ActionPorts, performWith } from "./delivery/perform.js";
import { createWorker } from "./delivery/worker.js";
import { createDirectory, type Lookups } from "./directory.js";
import type { EventDraft, HoopEvent } from "./event.js";
import { createLiveRestraints, type LiveRestraints } from "./live-restraints.js";
import { createLiveRules, type LiveRules } from "./live-rules.js";
import type { EventsLog } from "./log.js";
import { createReflexes, type Reflexes, type ReflexPorts } from "./reflexes.js";
import { compileRule, type Rule } from "./rules/compile.js";
import { type DryRun, dryRun } from "./rules/dry-run.js";
import { explainReaction } from "./rules/explain.js";
import { firingOf } from "./rules/firing.js";
import { parseReactions, parseStored } from "./rules/parse.js";
import { planFiring } from "./rules/plan-firing.js";
import type { ReactionDocument } from "./rules/schema.js";
import { createSequencer } from "./sequencer.js";
import type { EventStore, Keep, Restraint, RuleCounts } from "./store.js";
import { wakeable } from "./wakeable.js";

/** A rule or receiver with how it does. */
export interface ReactionView {
  readonly document: ReactionDocument;
  readonly kind: "reaction" | "receiver";
  /** The rule as a sentence; of a receiver, its type and where it leads. */
  readonly text: string;
  readonly mode: "enforce" | "shadow" | "off" | null;
  readonly problem: string | null;
  readonly counts: RuleCounts & { readonly lastAt: number | null };
}

/** Events, the rules that answer them, and what those do. */
export interface Events {
  readonly store: EventStore;
  readonly rules: LiveRules;
  readonly restraints: LiveRestraints;
  readonly reflexes: Reflexes;
  readonly catalogue: typeof catalogue;
  list(): Promise<{ readonly revision: number; readonly items: readonly ReactionView[] }>;
  /** Throws HoopError `invalid` with file, line and reason; `conflict` when `expected` is not the newest revision. */
  apply(
    text: string,
    options: {
      readonly source?: string | undefined;
      readonly expected?: number | undefined;
      readonly dryRun: boolean;
      readonly by: { readonly id: string; readonly name: string };
    },
  ): Promise<Applied>;
  remove(name: string, by: { readonly id: string; readonly name: string }): Promise<Applied>;
  setMode(
    name: string,
    mode: "enforce" | "shadow" | "off",
    by: { readonly id: string; readonly name: string },
  ): Promise<Applied>;
  /** What a saved rule, or one of a text, would have done with past events. */
  dryRun(rule: string | { readonly text: string }, since: Date): Promise<DryRun>;
  /**
   * What a rule makes of the sample of one of its types. With `send`, what it notifies is delivered, marked as a test; nothing is
   * imposed on anybody and no runbook runs.
   */
  testFire(
    name: string,
    type: string | null,
    send: boolean,
  ): Promise<{ readonly event: EventDraft; readonly matches: boolean; readonly actions: readonly TestedAction[] }>;
  close(): Promise<void>;
}

export interface TestedAction {
  readonly kind: string;
  readonly would: string;
  /** What came of it; null: it was not done, as this is a test. */
  readonly outcome: string | null;
}

export interface Applied {
  readonly revision: number;
  readonly created: readonly string[];
  readonly changed: readonly string[];
  readonly removed: readonly string[];
  /** Of each that changed, what was and what is, for the record. */
  readonly before: Readonly<Record<string, unknown>>;
  readonly after: Readonly<Record<string, unknown>>;
}

export interface EventsOptions {
  readonly store: EventStore;
  readonly replica: string;
  readonly lookups: Lookups;
  readonly actions: Omit<ActionPorts, "store" | "rules" | "restraints">;
  readonly reflexes: Pick<ReflexPorts, "asker" | "hurry" | "slowMs">;
  readonly keep: Keep;
  readonly log: EventsLog;
  readonly now: () => number;
}

const sweepMs = 60 * 60_000;
/** A gateway that is started again within the hour, again and again, sweeps as well. */
const firstSweepMs = 60_000;
const dryRunPage = 1_000;
/** Events that a dry run looks at, newest days first would be unfair: it stops there and says so by `looked`. */
const dryRunMost = 500_000;
const noCounts = { matched: 0, fired: 0, quiet: 0, guarded: 0, shadowed: 0, problem: null, lastAt: null };

/** @example const events = await createEvents({ store: createEventStore(store), replica, … }); */
export async function createEvents(options: EventsOptions): Promise<Events> {
  const { store, log, now } = options;
  const rules = await createLiveRules(store, log);
  const restraints = await createLiveRestraints(store, log, now);
  const directory = createDirectory(options.lookups);
  const reflexes = createReflexes({ store, rules, restraints, directory, ...options.reflexes, now, log });
  const sequencer = createSequencer({ store, rules, directory, log });
  const perform = performWith({ ...options.actions, store, rules, restraints });
  const worker = createWorker({ store, rules, replica: options.replica, perform, log });
  const closing = new AbortController();
  const sweep = wakeable(async () => {
    await store
      .sweep(options.keep, closing.signal)
      .catch((error: unknown) => log.warn({ err: error }, "old events were not removed"));
    return sweepMs;
  }, firstSweepMs);

  async function stored(): Promise<ReadonlyMap<string, ReactionDocument>> {
    const { documents } = await store.reactions();
    return new Map((documents as readonly ReactionDocument[]).map((one) => [one.metadata.name, one]));
  }

  async function ruleOf(name: string): Promise<Rule> {
    const document = (await stored()).get(name);
    if (document === undefined || document.kind !== "reaction")
      throw new HoopError("not-found", `there is no reaction ${name}`, { hint: "hoop reactions ls" });
    const parsed = parseStored(document, name);
    if (parsed.kind !== "reaction") throw new HoopError("not-found", `there is no reaction ${name}`);
    return compileRule(parsed);
  }

  async function write(
    put: readonly ReactionDocument[],
    remove: readonly string[],
    by: { readonly id: string; readonly name: string },
    expected: number | undefined,
    dry: boolean,
  ): Promise<Applied> {
    const { revision } = await store.reactions();
    if (expected !== undefined && expected !== revision)
      throw new HoopError("conflict", "reactions have changed meanwhile, so nothing was applied");
    const before = await stored();
    const differing = put.filter((one) => !same(before.get(one.metadata.name), one));
    const names = (list: readonly ReactionDocument[]) => list.map(({ metadata }) => metadata.name);
    const touched = [...names(differing), ...remove];
    const applied = {
      created: names(differing.filter(({ metadata }) => !before.has(metadata.name))),
      changed: names(differing.filter(({ metadata }) => before.has(metadata.name))),
      removed: remove,
      before: Object.fromEntries(touched.flatMap((name) => (before.has(name) ? [[name, before.get(name)]] : []))),
      after: Object.fromEntries(differing.map((one) => [one.metadata.name, one])),
    };
    if (dry || touched.length === 0) return { revision, ...applied };
    const next = await store.write({ expected: revision, by, put: differing, remove });
    await rules.refresh();
    return { revision: next, ...applied };
  }

  /** A rule may name a receiver that is there, or comes with it. */
  async function checkReceivers(parsed: ReturnType<typeof parseReactions>): Promise<void> {
    const known = new Set(
      [...(await stored()).values()].filter(({ kind }) => kind === "receiver").map((one) => one.metadata.name),
    );
    for (const one of parsed) if (one.kind === "receiver") known.add(one.document.metadata.name);
    for (const one of parsed) {
      if (one.kind !== "reaction") continue;
      for (const action of one.spec.then)
        if (action.kind === "notify" && !known.has(action.data.receiver))
          throw new HoopError(
            "invalid",
            `reaction "${one.document.metadata.name}" tells ${action.data.receiver}, and there is no such receiver`,
            { hint: "apply a document of kind receiver with it" },
          );
    }
  }

  async function* past(since: Date): AsyncGenerator<HoopEvent> {
    let position = (await store.log.oldest()) - 1;
    for (let looked = 0; looked < dryRunMost; ) {
      const events = await store.log.after(position, dryRunPage);
      if (events.length === 0) return;
      await directory.prepare(events);
      for (const event of events) if (event.at >= since.getTime()) yield event;
      looked += events.length;
      position = events.at(-1)!.position;
    }
  }

  return {
    store,
    rules,
    restraints,
    reflexes,
    catalogue,
    async list() {
      const [{ revision, documents }, counts] = await Promise.all([store.reactions(), store.counts()]);
      const byRule = new Map(counts.map((one) => [one.rule, one]));
      return {
        revision,
        items: (documents as readonly ReactionDocument[]).map((one) => viewOf(one, byRule.get(one.metadata.name))),
      };
    },
    async apply(text, { source, expected, dryRun: dry, by }) {
      const parsed = parseReactions(text, source);
      await checkReceivers(parsed);
      return write(
        parsed.map(({ document }) => document),
        [],
        by,
        expected,
        dry,
      );
    },
    async remove(name, by) {
      const documents = await stored();
      if (!documents.has(name)) throw new HoopError("not-found", `there is no reaction or receiver ${name}`);
      for (const document of documents.values()) {
        const parsed = document.kind === "reaction" ? parseStored(document, document.metadata.name) : null;
        if (
          parsed?.kind === "reaction" &&
          parsed.spec.then.some((one) => one.kind === "notify" && one.data.receiver === name)
        )
          throw new HoopError("conflict", `reaction ${document.metadata.name} tells ${name}`);
      }
      return write([], [name], by, undefined, false);
    },
    async setMode(name, mode, by) {
      const document = (await stored()).get(name);
      if (document === undefined || document.kind !== "reaction")
        throw new HoopError("not-found", `there is no reaction ${name}`, { hint: "hoop reactions ls" });
      return write([{ ...document, spec: { ...document.spec, mode } }], [], by, undefined, false);
    },
    async dryRun(rule, since) {
      if (typeof rule === "string") return dryRun(await ruleOf(rule), past(since), directory);
      const [parsed] = parseReactions(rule.text).filter((one) => one.kind === "reaction");
      if (parsed === undefined) throw new HoopError("invalid", "there is no reaction in it");
      return dryRun(compileRule(parsed), past(since), directory);
    },
    async testFire(name, type, send) {
      const rule = await ruleOf(name);
      const wanted = type ?? [...rule.types][0]!;
      if (!rule.types.has(wanted))
        throw new HoopError("invalid", `reaction ${name} is not about ${wanted}`, { hint: [...rule.types].join(", ") });
      const event = typeOf(wanted)!.sample;
      const plan = planFiring(rule, firingOf(rule, event, { events: [event.id], quiet: 0 }), rules.current().receivers);
      const actions: TestedAction[] = [];
      for (const [step, action] of rule.actions.entries()) {
        const delivery = plan.deliveries.find((one) => one.step === step);
        const body = { ...delivery?.body, rule: `${name} (test)` };
        const tells = send && action.kind === "notify" && delivery !== undefined;
        const outcome = tells
          ? await perform(
              { ...delivery, firing: plan.id, rule: name, attempts: 1, madeAt: now(), body: JSON.stringify(body) },
              deadline(15_000),
            )
          : null;
        actions.push({
          kind: action.kind,
          would: delivery?.target ?? "at once, in the session",
          outcome: outcome === null ? null : outcome.kind === "done" ? outcome.answer : outcome.error,
        });
      }
      return { event, matches: rule.matches(event, directory), actions };
    },
    async close() {
      closing.abort();
      await sweep.close();
      reflexes.close();
      await sequencer.close();
      await worker.close();
      await restraints.close();
      await rules.close();
    },
  };
}

function viewOf(document: ReactionDocument, counts: ReactionView["counts"] | undefined): ReactionView {
  const { name } = document.metadata;
  const base = { document, kind: document.kind, counts: counts ?? { rule: name, ...noCounts } };
  try {
    const parsed = parseStored(document, name);
    if (parsed.kind === "reaction")
      return { ...base, text: explainReaction(parsed.spec), mode: parsed.spec.mode, problem: base.counts.problem };
    const { type, url, server, to } = parsed.spec;
    const where = url ?? (server ? `${to?.join(", ")} by ${server.host}` : "an address that is sealed");
    return { ...base, text: `${type}: ${where}`, mode: null, problem: null };
  } catch (error) {
    return { ...base, text: "", mode: null, problem: error instanceof HoopError ? error.message : "it cannot be read" };
  }
}

/** Whether two documents say the same, in whichever order their keys stand. */
function same(a: unknown, b: unknown): boolean {
  return canonical(a) === canonical(b);
}

function canonical(value: unknown): string {
  return JSON.stringify(value, (_, one: unknown) =>
    typeof one === "object" && one !== null && !Array.isArray(one)
      ? Object.fromEntries(Object.entries(one).sort(([left], [right]) => (left < right ? -1 : 1)))
      : one,
  );
}

export type { Restraint };
