import type { Analysis, AttributeValue, Effect } from "../../vocabulary/index.js";
import type { JudgedRequest } from "./connection/requests.js";

/** What policy looks at, and the text that people read of it. */
export function requestAnalysis(
  request: JudgedRequest,
  user: string,
  pty: boolean,
): { readonly text: string; readonly analysis: Analysis } {
  switch (request.kind) {
    case "shell":
      return made("shell", "shell", ["execute"], { user, pty });
    case "exec":
      return made(request.command, "exec", ["execute"], { user, pty, command: request.command.slice(0, 4_000) });
    case "subsystem":
      return made(`subsystem ${request.name}`, "subsystem", request.name === "sftp" ? [] : ["execute"], {
        user,
        subsystem: request.name,
      });
    case "agent-forwarding":
    case "x11-forwarding":
      return made(request.kind, request.kind, ["connect"], { user });
    case "forward-to":
    case "listen":
      return made(`${request.kind} ${request.host}:${request.port}`, request.kind, ["connect"], {
        user,
        forwardHost: request.host,
        forwardPort: request.port,
      });
    case "forward-to-socket":
    case "listen-on-socket":
      return made(`${request.kind} ${request.path}`, request.kind, ["connect"], { user, forwardPath: request.path });
  }
}

function made(
  text: string,
  kind: string,
  effects: readonly Effect[],
  attributes: Readonly<Record<string, AttributeValue>>,
): { readonly text: string; readonly analysis: Analysis } {
  return { text, analysis: { shape: text, effects, resources: [], attributes: { kind, ...attributes }, unknowns: [] } };
}
