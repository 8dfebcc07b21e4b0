import { userNameOf } from "../client/folders.js";
import type { TunnelStatus } from "../client/tunnel/status.js";
import { type Output, printable } from "./output.js";
import { ago, facts, table } from "./table.js";

/** The tunnel's status for people. */
export function showStatus(status: TunnelStatus, out: Output): string {
  const { gateway, names } = status;
  const head = facts([
    ["gateway", `${gateway.url} ${gateway.state}${gateway.why ? `: ${gateway.why}` : ""}`],
    ["do", gateway.hint],
    ["user", status.subject],
    ["names", names.mode === "none" ? "not set up: use the addresses below" : `*.hoop by ${names.mode}`],
    ["problem", names.problem],
    [
      "for",
      status.owners.checked
        ? `${status.owners.uids.map((uid) => userNameOf(uid) ?? `user ${uid}`).join(", ")} of this machine`
        : "every user of this machine (this system does not tell who connects)",
    ],
    ["running", `pid ${status.pid}, started ${ago(status.started)}`],
  ]);
  const list = table(
    status.connections,
    [
      { title: "connection", value: (c) => c.name },
      { title: "address", value: (c) => (c.via === "none" ? "" : `${c.address}:${c.port}`) },
      { title: "open", value: (c) => c.open },
      { title: "type", value: (c) => c.command },
    ],
    "You may use no connection yet.",
  );
  const problems = status.connections
    .filter((c) => c.problem)
    .map((c) => `${out.color.yellow("!")} ${c.name}: ${printable(c.problem!)}`);
  return [head, "", list, ...problems].join("\n");
}
