import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { expect } from "vitest";

/** A person at a real terminal in front of a program: types, and reads what is shown. */
export class Terminal {
  seen = "";
  readonly child: ChildProcess;

  constructor(command: string, env: Readonly<Record<string, string>> = {}) {
    this.child = spawn("script", ["-qec", command, "/dev/null"], {
      env: { ...process.env, TERM: "xterm", ...env },
      stdio: ["pipe", "pipe", "pipe"],
    });
    this.child.stdout!.on("data", (chunk) => {
      this.seen += chunk;
    });
    this.child.stdin!.on("error", () => {});
  }

  type(text: string): void {
    this.child.stdin!.write(text);
  }

  /** Without what only moves, colours and asks. */
  textFrom(from: number): string {
    return this.seen
      .slice(from)
      .replaceAll(/\x1b\[[\x20-\x3f]*[\x40-\x7e]|\x1b\][^\x07]*\x07/g, "")
      .replaceAll("\r", "");
  }

  /** Waits until it is shown, from a place on. */
  async shows(wanted: RegExp | string, from = 0): Promise<void> {
    await expect
      .poll(() => this.textFrom(from), { interval: 20 })
      .toMatch(typeof wanted === "string" ? new RegExp(wanted.replaceAll(/[.*+?^${}()|[\]\\]/g, "\\$&")) : wanted);
  }

  /** Waits until nothing more has been shown for so long. */
  async still(forMs = 800): Promise<void> {
    for (let shown = -1; shown !== this.seen.length; ) {
      shown = this.seen.length;
      await new Promise((resolve) => setTimeout(resolve, forMs));
    }
  }

  async over(): Promise<void> {
    if (this.child.exitCode === null) await once(this.child, "close");
  }
}
