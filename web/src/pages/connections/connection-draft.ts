import type { Connection, TlsMode } from "../../api/types.js";

/** What the form holds: text as it is typed. */
export interface ConnectionForm {
  readonly name: string;
  readonly protocol: string;
  readonly host: string;
  readonly port: string;
  /** Empty: the gateway dials itself. */
  readonly agent: string;
  readonly user: string;
  readonly database: string;
  readonly secret: string;
  readonly removeSecret: boolean;
  /** `key=value`, one a line. */
  readonly labels: string;
  readonly tlsMode: TlsMode;
  readonly ca: string;
  readonly serverName: string;
  readonly exposes: boolean;
}

export function formOf(connection: Connection | null): ConnectionForm {
  const target = connection?.target ?? {};
  const textOf = (key: string) => (typeof target[key] === "string" ? target[key] : "");
  return {
    name: connection?.name ?? "",
    protocol: connection?.protocol ?? "postgres",
    host: connection?.host ?? "",
    port: connection === null ? "" : String(connection.port),
    agent: connection?.agent ?? "",
    user: textOf("user"),
    database: textOf("database"),
    secret: "",
    removeSecret: false,
    labels: Object.entries(connection?.labels ?? {})
      .map(([key, value]) => `${key}=${value}`)
      .join("\n"),
    tlsMode: connection?.tls.mode ?? "prefer",
    ca: connection?.tls.ca ?? "",
    serverName: connection?.tls.serverName ?? "",
    exposes: connection?.exposesCredentialToAgent ?? false,
  };
}

/** Whether this mode proves who the server is; only then does an authority mean anything. */
export const verifies = (mode: TlsMode): boolean => mode === "verify-ca" || mode === "verify-full";

/** The body of the request. What the form does not know of the target stays as it was. */
export function draftFrom(form: ConnectionForm, before: Connection | null): Record<string, unknown> {
  const { user: _user, database: _database, ...others } = before?.target ?? {};
  return {
    name: form.name.trim(),
    protocol: form.protocol,
    host: form.host.trim(),
    ...(form.port.trim() === "" ? {} : { port: Number(form.port) }),
    agent: form.agent === "" ? null : form.agent,
    labels: labelsFrom(form.labels),
    tls: {
      mode: form.tlsMode,
      ...(verifies(form.tlsMode) && form.ca.trim() !== "" ? { ca: form.ca } : {}),
      ...(verifies(form.tlsMode) && form.serverName.trim() !== "" ? { serverName: form.serverName.trim() } : {}),
    },
    target: { ...others, ...filled("user", form.user), ...filled("database", form.database) },
    exposesCredentialToAgent: form.exposes,
    ...(form.removeSecret ? { secret: null } : form.secret === "" ? {} : { secret: form.secret }),
  };
}

function filled(key: string, value: string): Record<string, string> {
  return value.trim() === "" ? {} : { [key]: value.trim() };
}

function labelsFrom(text: string): Record<string, string> {
  const lines = text
    .split("\n")
    .map((line) => line.trim())
    .filter((line) => line !== "");
  return Object.fromEntries(
    lines.map((line) => {
      const at = line.indexOf("=");
      return at === -1 ? [line, ""] : [line.slice(0, at).trim(), line.slice(at + 1).trim()];
    }),
  );
}
