import type { Analysis, AttributeValue, Effect } from "../../vocabulary/index.js";
import type { JudgedRequest } from "./connection/requests.js";
import { shellAnalysis } from "./shell/shell-analysis.js";
import type { SshTarget } from "./target.js";

/** What policy looks at, and the text that people read of it. */
export function requestAnalysis(
  request: JudgedRequest,
  user: string,
  pty: boolean,
  target: Pick<SshTarget, "home" | "shell"> = { home: null, shell: "posix" },
): { readonly text: string; readonly analysis: Analysis } {
  switch (request.kind) {
    case "shell":
      return made("shell", "shell", ["execute"], { user, pty });
    case "exec":
      return commandLine(
        request.command,
        { kind: "exec", user, pty, command: request.command.slice(0, 4_000) },
        target,
      );
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

function commandLine(
  text: string,
  attributes: Readonly<Record<string, AttributeValue>>,
  { home, shell }: Pick<SshTarget, "home" | "shell">,
): { readonly text: string; readonly analysis: Analysis } {
  if (runsSftp(text)) {
    const analysis = { shape: text, effects: [], resources: [], attributes, unknowns: [] } as const;
    return { text, analysis };
  }
  const analysis = shellAnalysis(text, attributes, home);
  if (shell === "posix") return { text, analysis };
  const unknowns = [...analysis.unknowns, "the login's shell reads lines in a way of its own"];
  return {
    text,
    analysis: { ...analysis, effects: [...new Set([...analysis.effects, "unknown" as const])], unknowns },
  };
}

/** The SFTP server by its own name, as older clients ask for it: what it does is judged by its operations. */
export function runsSftp(line: string): boolean {
  return /^(\/usr\/lib\/(openssh\/|ssh\/)?|\/usr\/libexec\/(openssh\/)?)?sftp-server$/.test(line);
}

function made(
  text: string,
  kind: string,
  effects: readonly Effect[],
  attributes: Readonly<Record<string, AttributeValue>>,
): { readonly text: string; readonly analysis: Analysis } {
  return { text, analysis: { shape: text, effects, resources: [], attributes: { kind, ...attributes }, unknowns: [] } };
}
