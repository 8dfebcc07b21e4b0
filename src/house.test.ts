import { readdirSync, readFileSync } from "node:fs";
import { dirname, join, relative, sep } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";

const src = dirname(fileURLToPath(import.meta.url));

/** What each room may import of ours, and why nothing else. `transport/pipe` is one file of a room. */
const rooms: Readonly<Record<string, { may: readonly string[]; because: string }>> = {
  vocabulary: { may: [], because: "the nouns must mean the same everywhere, so they depend on nothing" },
  wire: { may: [], because: "readers and limits are the ground that decoders stand on" },
  transport: {
    may: ["wire", "vocabulary/deadline"],
    because: "a pipe carries bytes and must not know what they mean",
  },
  protocol: {
    may: ["vocabulary", "wire", "transport"],
    because: "the contract and its driver know pipes and nouns, never a wire protocol",
  },
  "protocols/*": {
    may: ["protocol", "vocabulary", "wire", "masking", "transport/pipe", "transport/join-pipes", "transport/tls"],
    because: "a protocol must be addable and removable alone, and must not decide",
  },
  sql: { may: ["vocabulary"], because: "an analysis is a pure function of text and catalogue" },
  masking: { may: ["vocabulary"], because: "masks are pure and synchronous" },
  policy: { may: ["vocabulary"], because: "rules read nouns, never wires" },
  recording: {
    may: ["vocabulary"],
    because: "the journal is in the data plane, which can move to a process of its own",
  },
  secrets: { may: ["vocabulary"], because: "a secret's way must be short" },
  pki: { may: ["vocabulary"], because: "certificates are made from names, nothing else" },
  identity: { may: ["vocabulary"], because: "who is asking does not depend on what they ask" },
  connections: { may: ["vocabulary"], because: "a target is data" },
  sessions: { may: ["vocabulary"], because: "the directory of sessions is data" },
  budgets: { may: ["vocabulary", "policy"], because: "counting what was used needs the rules' keys and nothing else" },
  events: {
    may: ["vocabulary", "policy"],
    because:
      "a rule that answers what happened matches by the criteria of policy; who causes events knows nothing of it",
  },
  reviews: { may: ["vocabulary"], because: "people decide on what they are shown, not on how it travels" },
  runbooks: {
    may: ["vocabulary"],
    because: "a procedure is text, values and an order; how it reaches targets is a port",
  },
  telemetry: {
    may: ["vocabulary"],
    because: "what is counted and traced is numbers and names; who counts knows no exporter",
  },
  exporters: { may: ["vocabulary"], because: "what leaves is lines; where they come from is a port" },
  samples: {
    may: ["vocabulary", "transport", "storage/embedded", "storage/log"],
    because: "what people try Hoop on is a target like any other: it knows nothing of who dials it",
  },
  agents: { may: ["vocabulary", "transport"], because: "agents carry bytes; they know no protocol and no policy" },
  relay: {
    may: [
      "vocabulary",
      "protocol",
      "transport/pipe",
      "policy",
      "masking",
      "recording",
      "secrets",
      "agents",
      "identity",
      "connections",
      "sessions",
      "sql",
      "reviews",
      "budgets",
    ],
    because: "the one place where the domains meet; no storage and no API, so that the data plane can move",
  },
  storage: {
    may: [
      "vocabulary",
      "policy",
      "recording",
      "secrets",
      "pki",
      "identity",
      "connections",
      "sessions",
      "agents",
      "reviews",
      "budgets",
      "runbooks",
      "exporters",
      "events",
    ],
    because: "it implements the ports of the domains",
  },
  api: {
    may: [
      "vocabulary",
      "policy",
      "recording",
      "secrets",
      "pki",
      "identity",
      "connections",
      "sessions",
      "agents",
      "reviews",
      "runbooks",
      "exporters",
      "masking",
      "events",
    ],
    because: "routes call services, not stores",
  },
  gateway: { may: ["*"], because: "the assembly" },
  agent: { may: ["vocabulary", "transport"], because: "it carries bytes and stays small" },
  client: { may: ["vocabulary", "transport"], because: "names and one login" },
  cli: {
    may: ["vocabulary", "client", "agent", "gateway", "recording", "policy"],
    because: "the command line calls programs and offline tools",
  },
  demo: { may: ["*"], because: "the tour" },
};

const programs = ["gateway", "agent", "client", "cli", "demo"];

function* sources(folder: string): Generator<string> {
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) {
      if (entry.name !== "gen") yield* sources(path);
    } else if (entry.name.endsWith(".ts") && !entry.name.endsWith(".test.ts")) yield path;
  }
}

/** The room of a file: its first folder; of a protocol, its first two. Files of `src/` itself belong to `cli`. */
function roomOf(path: string): string {
  const parts = relative(src, path).split(sep);
  if (parts.length === 1) return "cli";
  return parts[0] === "protocols" ? `protocols/${parts[1]}` : parts[0]!;
}

function importsOf(path: string): string[] {
  const text = readFileSync(path, "utf8");
  const found = [...text.matchAll(/(?:from|import)\s*\(?\s*["'](\.{1,2}\/[^"']+)["']/g)].map((match) => match[1]!);
  return found.map((target) => join(dirname(path), target));
}

describe("the house", () => {
  const violations: string[] = [];
  const seen = new Set<string>();
  for (const path of sources(src)) {
    const room = roomOf(path);
    seen.add(room.startsWith("protocols/") ? "protocols/*" : room);
    const rule = rooms[room.startsWith("protocols/") ? "protocols/*" : room];
    if (!rule) {
      violations.push(`${relative(src, path)}: room ${room} is not in the table`);
      continue;
    }
    for (const target of importsOf(path)) {
      const other = roomOf(target);
      if (other === room || rule.may.includes("*")) continue;
      const file = relative(src, target).split(sep).join("/");
      const allowed = rule.may.some((may) => other === may || file.startsWith(`${may}/`) || file.startsWith(`${may}.`));
      if (!allowed)
        violations.push(
          `${relative(src, path)} imports ${file}: ${room} may import ${rule.may.join(", ") || "nothing"}, because ${rule.because}`,
        );
      if (programs.includes(other) && !programs.includes(room))
        violations.push(`${relative(src, path)} imports ${file}: programs are imported by nobody`);
    }
  }

  it("lets each room import only what its row of the table names", () => {
    expect(violations).toEqual([]);
  });

  it("waits by `deadline` alone: the timeouts of Node's AbortSignal may be collected as garbage before they fire", () => {
    const weak = [...sources(src)].filter((path) => /\bAbortSignal\.timeout\(/.test(readFileSync(path, "utf8")));
    expect(weak.map((path) => relative(src, path))).toEqual([]);
  });

  it("has no row for a room that does not exist", () => {
    expect(Object.keys(rooms).filter((room) => !seen.has(room))).toEqual([]);
  });
});
