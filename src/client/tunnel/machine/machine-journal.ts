import { createHash } from "node:crypto";
import { HoopError } from "../../../vocabulary/index.js";
import { readPrivateFile, writePrivateFile } from "../../private-file.js";
import { removeBlock } from "./block.js";
import type { Machine } from "./machine.js";
import { type FileBefore, photograph, putBack, readShared, rewriteShared } from "./shared-file.js";

/** One thing that the tunnel changed on the machine, with what is needed to change it back. */
export type Change =
  /** A file that is wholly ours now. `after` is the SHA-256 of what we wrote: a file that differs belongs to somebody else again. */
  | { readonly kind: "file"; readonly path: string; readonly before: FileBefore; readonly after: string }
  /** Our lines inside a file of others, between markers with `tag`. */
  | { readonly kind: "block"; readonly path: string; readonly tag: string }
  /** Something that a command did and `undo` undoes. `stays`: after `down` too, so that names fail closed. */
  | {
      readonly kind: "command";
      readonly what: string;
      readonly undo: readonly [string, ...string[]];
      readonly input?: string | undefined;
      readonly stays: boolean;
    };

/**
 * Everything that the tunnel changed on the machine, written down before it is changed, so that `down`, `uninstall` and
 * the next start after a crash can put it back. Paths are the machine's own, not the ones under a test's root.
 */
export class MachineJournal {
  readonly #path: string;
  readonly #machine: Machine;
  #changes: Change[];

  constructor(path: string, machine: Machine) {
    this.#path = path;
    this.#machine = machine;
    this.#changes = read(path);
  }

  get changes(): readonly Change[] {
    return this.#changes;
  }

  /** Writes down that `change` is about to be made. The first photograph of a file stays: it shows the machine without us. */
  note(change: Change): void {
    const known = this.#changes.find((other) => keyOf(other) === keyOf(change));
    const kept = known?.kind === "file" && change.kind === "file" ? { ...change, before: known.before } : change;
    this.#save(known ? this.#changes.map((other) => (other === known ? kept : other)) : [...this.#changes, kept]);
  }

  /** Makes a file ours: journalled, then written. Writing the same text again does nothing. */
  takeFile(path: string, text: string, write: (path: string, text: Buffer) => void): boolean {
    const real = this.#machine.path(path);
    const after = digest(Buffer.from(text));
    const now = readShared(real);
    const known = this.#changes.find((change) => change.kind === "file" && change.path === path);
    if (known?.kind === "file" && known.after === after && now && digest(now) === after) return false;
    if (known?.kind === "file" && (now === null || digest(now) !== known.after)) {
      // Somebody replaced what we had written: what they wrote is what must come back.
      this.#save(this.#changes.filter((change) => change !== known));
    }
    this.note({ kind: "file", path, before: photograph(real), after });
    write(real, Buffer.from(text));
    return true;
  }

  /** Puts back the changes that `which` picks (all by default), the youngest first. Answers what could not be put back. */
  async restore(which: (change: Change) => boolean = () => true): Promise<string[]> {
    const failures: string[] = [];
    for (const change of [...this.#changes].reverse()) {
      if (!which(change)) continue;
      try {
        await this.#undo(change);
        this.#save(this.#changes.filter((other) => other !== change));
      } catch (error) {
        failures.push(`${describeChange(change)}: ${(error as Error).message}`);
      }
    }
    return failures;
  }

  async #undo(change: Change): Promise<void> {
    if (change.kind === "command") {
      const { code, output } = await this.#machine.run(change.undo[0], change.undo.slice(1), {
        input: change.input ?? "",
      });
      if (code === null) throw new HoopError("unavailable", `${change.undo[0]} cannot be run: ${output.trim()}`);
      return;
    }
    const real = this.#machine.path(change.path);
    const now = readShared(real);
    if (change.kind === "block") {
      const without = now && removeBlock(now.toString("latin1"), change.tag);
      if (without !== null && without !== now?.toString("latin1")) rewriteShared(real, Buffer.from(without, "latin1"));
      return;
    }
    // Changed or removed by another program since: it is theirs.
    if (now === null || digest(now) !== change.after) return;
    putBack(real, change.before);
  }

  #save(changes: Change[]): void {
    writePrivateFile(this.#path, `${JSON.stringify({ version: 1, changes }, null, 2)}\n`);
    this.#changes = changes;
  }
}

/** `the file /etc/resolv.conf`, `the lines of /etc/hosts`, for people. */
export function describeChange(change: Change): string {
  if (change.kind === "command") return change.what;
  return change.kind === "file" ? `the file ${change.path}` : `our lines in ${change.path}`;
}

function keyOf(change: Change): string {
  return change.kind === "command"
    ? `command ${change.undo.join(" ")}`
    : `${change.kind} ${change.path}${change.kind === "block" ? ` ${change.tag}` : ""}`;
}

function digest(text: Buffer): string {
  return createHash("sha256").update(text).digest("hex");
}

function read(path: string): Change[] {
  // It names commands, which run with our rights: root follows no list that a user wrote.
  const text = readPrivateFile(path, { ownOnly: true });
  if (text === null) return [];
  try {
    const { version, changes } = JSON.parse(text) as { version: number; changes: Change[] };
    if (version === 1 && Array.isArray(changes)) return changes;
  } catch {
    // Told below.
  }
  throw new HoopError(
    "precondition-failed",
    `${path}, the list of what the tunnel changed on this machine, cannot be read`,
    {
      hint: "look for `hoop` in /etc/hosts, /etc/resolv.conf and `nft list tables`, remove what is left, then remove this file",
    },
  );
}
