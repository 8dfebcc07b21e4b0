import { type ChildProcess, execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { createInterface } from "node:readline";
import { promisify } from "node:util";

const root = resolve(import.meta.dirname, "../..");
const out = join(root, ".cache", "test-agent");

/** Compiles the agent and what it needs, nothing else. Answers the program's path. */
export async function buildAgent(): Promise<string> {
  mkdirSync(out, { recursive: true });
  writeFileSync(
    join(out, "tsconfig.json"),
    JSON.stringify({
      extends: join(root, "tsconfig.base.json"),
      compilerOptions: { rootDir: root, outDir: out, skipLibCheck: true, sourceMap: false },
      files: [join(root, "test/transport/agent-main.ts")],
    }),
  );
  await promisify(execFile)(join(root, "node_modules", ".bin", "tsc"), ["-p", join(out, "tsconfig.json")]);
  return join(out, "test/transport/agent-main.js");
}

export interface AgentProcess {
  readonly child: ChildProcess;
  readonly lines: { readonly msg: string; readonly [key: string]: unknown }[];
  /** Resolves with the exit code; null: it was killed. */
  readonly exited: Promise<number | null>;
}

export function startAgent(program: string, settings: Readonly<Record<string, string>>): AgentProcess {
  const child = spawn(process.execPath, [program], {
    env: { PATH: process.env.PATH, HOME: "/nonexistent", ...settings },
    stdio: ["ignore", "pipe", "pipe"],
  });
  const lines: AgentProcess["lines"] = [];
  createInterface({ input: child.stdout! }).on("line", (line) => lines.push(JSON.parse(line)));
  let complaint = "";
  child.stderr!.on("data", (chunk) => {
    complaint += chunk;
  });
  const exited = once(child, "exit").then(([code]) => {
    if (complaint !== "") lines.push({ msg: complaint });
    return code as number | null;
  });
  return { child, lines, exited };
}

export async function stopAgent(agent: AgentProcess, signal: NodeJS.Signals = "SIGKILL"): Promise<number | null> {
  agent.child.kill(signal);
  return agent.exited;
}
