import type { Protocol } from "../../protocol/index.js";
import { serve } from "./serve.js";
import { targetSchema } from "./target.js";

export { nativeCrypto } from "./transport/library.js";

/** SSH 2.0: shells, commands, files and forwarding, each judged before it runs. */
export const ssh: Protocol = {
  name: "ssh",
  title: "SSH",
  defaultPort: 22,
  targetSchema,
  attributes: {
    kind: {
      type: "string",
      text: "what is asked for",
      values: [
        "shell",
        "exec",
        "line",
        "subsystem",
        "sftp",
        "agent-forwarding",
        "x11-forwarding",
        "forward-to",
        "forward-to-socket",
        "listen",
        "listen-on-socket",
      ],
    },
    user: { type: "string", text: "the login name that the client asked for" },
    pty: { type: "boolean", text: "whether it has a terminal" },
    command: { type: "string", text: "the command line" },
    commands: { type: "strings", text: "the commands of a line by name, those behind sudo, env, xargs, sh -c too" },
    sudo: { type: "boolean", text: "whether something in the line runs as somebody else" },
    operators: { type: "strings", text: "what joins the line's commands: ; && || | & ( {" },
    redirects: { type: "strings", text: "redirections of the line: < > >> << and others" },
    substitution: { type: "boolean", text: "whether a command's output becomes part of the line" },
    operation: { type: "string", text: "the file operation of SFTP, e.g. read, write, remove, rename, setstat" },
    paths: { type: "strings", text: "every path that is touched, without . and .. in it; ~ is the login's home" },
    reads: { type: "strings", text: "paths that are read" },
    writes: { type: "strings", text: "paths that are written, changed or removed" },
    subsystem: { type: "string", text: "the subsystem, e.g. sftp" },
    forwardHost: { type: "string", text: "where forwarding leads, or where the target listens" },
    forwardPort: { type: "number", text: "the port of it" },
    forwardPath: { type: "string", text: "the socket that forwarding leads to" },
  },
  can: new Set(["judge-statements", "notice", "hold"]),
  userless: true,
  language: "",
  example: ({ name }, { host, port }) =>
    `ssh ${host === "" ? `${name}.hoop` : host}${port === 22 ? "" : ` -p ${port}`}`,
  serve,
};
