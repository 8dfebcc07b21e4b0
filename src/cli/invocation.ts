import type { Command } from "commander";
import type { CliContext } from "./context.js";

/** One command as typed: its words and options. */
export interface Invocation {
  readonly context: CliContext;
  readonly args: readonly string[];
  /** Options by their long name in camelCase; verbs read the ones that they declared. */
  readonly options: Readonly<Record<string, unknown>>;
}

/** The work of one command; a number is the exit code. */
// biome-ignore lint/suspicious/noConfusingVoidType: most verbs answer nothing, and nothing means 0
export type Verb = (invocation: Invocation) => Promise<number | undefined | void>;

/** Makes the action of a command from the file that does its work; the file is loaded only when the command runs. */
export type Runner = (load: () => Promise<{ run: Verb }>) => (this: Command, ...given: unknown[]) => Promise<void>;

/** An option's value as text. */
export function text(invocation: Invocation, option: string): string | undefined {
  const value = invocation.options[option];
  return typeof value === "string" ? value : undefined;
}

/** An option that may be given several times. */
export function texts(invocation: Invocation, option: string): readonly string[] {
  const value = invocation.options[option];
  return Array.isArray(value) ? value.map(String) : typeof value === "string" ? [value] : [];
}

/** An option that is on or off. */
export function flag(invocation: Invocation, option: string): boolean {
  return invocation.options[option] === true;
}

/** Collects an option that may be given several times: `.option("--group <name>", "…", collect)`. */
export function collect(value: string, before: readonly string[] | undefined): readonly string[] {
  return [...(before ?? []), value];
}
