/** Something a client asks for that rules decide. */
export type JudgedRequest =
  | { readonly kind: "shell" }
  | { readonly kind: "exec"; readonly command: string }
  | { readonly kind: "subsystem"; readonly name: string }
  | { readonly kind: "agent-forwarding" }
  | { readonly kind: "x11-forwarding" }
  /** `-L` and `-D`: the target connects to there. */
  | { readonly kind: "forward-to"; readonly host: string; readonly port: number }
  | { readonly kind: "forward-to-socket"; readonly path: string }
  /** `-R`: the target listens there. */
  | { readonly kind: "listen"; readonly host: string; readonly port: number }
  | { readonly kind: "listen-on-socket"; readonly path: string };

export type RequestVerdict =
  | { readonly outcome: "allow" }
  | {
      readonly outcome: "deny";
      /** Shown on the person's terminal. */
      readonly text: string;
    };

/** Variables that go on; others change what a login does. OpenSSH's own servers take these by default. */
export function envPasses(name: string, extra: readonly string[]): boolean {
  return (
    name === "LANG" || /^LC_[A-Z]+$/.test(name) || name === "COLORTERM" || name === "NO_COLOR" || extra.includes(name)
  );
}

/** Requests of a client on a channel that need no rule. */
export const plainRequests: ReadonlySet<string> = new Set([
  "window-change",
  "signal",
  "break",
  "xon-xoff",
  "eow@openssh.com",
  "pty-req",
]);

/** Requests of a target on a channel that a client understands. */
export const targetRequests: ReadonlySet<string> = new Set([
  "exit-status",
  "exit-signal",
  "xon-xoff",
  "eow@openssh.com",
  "keepalive@openssh.com",
]);
