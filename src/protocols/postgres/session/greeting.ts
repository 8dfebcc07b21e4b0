import type { SecuredInfo } from "../../../protocol/index.js";
import { MalformedError } from "../../../wire/index.js";
import { encodeNegotiateProtocolVersion } from "../codec/backend.js";
import { maxStartupLength, readStartupPacket, type StartupPacket } from "../codec/startup.js";
import { refusalReport, sqlState } from "../errors.js";
import type { Core } from "./core.js";
import { takePurpose } from "./purpose.js";
import { startupSettings } from "./startup-settings.js";
import { isUnsafeEncoding } from "./text.js";

export const alpnProtocol = "postgresql";
/** The newest minor version that is spoken with clients; 3.2 brought longer cancel keys. */
const newestMinor = 2;
const tlsHandshakeRecord = 0x16;

export type Replication = "physical" | "database";

/** What the client wants, as far as it matters here. */
export interface Startup {
  readonly minor: number;
  /** For the target, our user and database put in. */
  readonly parameters: ReadonlyMap<string, string>;
  readonly user: string;
  /** Whose rights apply as the session begins. */
  readonly role: string;
  readonly database: string;
  /** `physical`: of the whole cluster, where there is no SQL; `database`: of changes of one, beside SQL by simple queries. */
  readonly replication: Replication | null;
  readonly client: Readonly<Record<string, string>>;
  /** The same by the credential as it is now: an access that waited for people had none before. */
  anew(): Startup;
}

/** `settings`: what of its parameters is to be judged before the target hears of it, as statements that would set the same. */
type Started = (startup: Startup, rest: Buffer, settings: readonly string[]) => void;

/** From the first byte to the startup packet: encryption, cancel requests, protocol version, what the client asks for. */
export class Greeting {
  readonly #core: Core;
  readonly #started: Started;
  #bytes: Buffer = Buffer.alloc(0);
  #tls: "none" | "securing" | "direct" | "on" = "none";
  #asked = new Set<StartupPacket["kind"]>();
  #first = true;

  constructor(core: Core, started: Started) {
    this.#core = core;
    this.#started = started;
  }

  receive(chunk: Buffer): void {
    // The driver hands bytes to TLS from `secure` on; what still comes here was sent in clear behind the request.
    if (this.#tls === "securing" || this.#tls === "direct") throw injected();
    this.#bytes = this.#bytes.length === 0 ? chunk : Buffer.concat([this.#bytes, chunk]);
    if (this.#first && this.#bytes[0] === tlsHandshakeRecord) {
      this.#direct();
      return;
    }
    this.#first = false;
    while (!this.#core.ended) {
      const read = readStartupPacket(this.#bytes);
      if (read === null) {
        if (this.#bytes.length > maxStartupLength) throw new MalformedError("startup packet too long");
        return;
      }
      const rest = this.#bytes.subarray(read.length);
      this.#bytes = rest;
      if (this.#packet(read.packet, rest)) return;
    }
  }

  secured(info: SecuredInfo): void {
    if (this.#tls === "direct" && info.alpn !== alpnProtocol) {
      throw new MalformedError("direct TLS without the ALPN protocol postgresql");
    }
    this.#tls = "on";
    this.#bytes = Buffer.alloc(0);
  }

  #direct(): void {
    if (!this.#core.init.clientTls) throw new MalformedError("TLS is not offered here");
    const head = this.#bytes;
    this.#bytes = Buffer.alloc(0);
    this.#tls = "direct";
    this.#core.out.push({ kind: "secure", side: "client", role: "server", head, alpn: [alpnProtocol] });
  }

  /** True: what follows is not ours to read. */
  #packet(packet: StartupPacket, rest: Buffer): boolean {
    const { out, init } = this.#core;
    if (packet.kind === "ssl" || packet.kind === "gssenc") {
      if (this.#tls === "on" || this.#asked.has(packet.kind))
        throw new MalformedError(`a second ${packet.kind} request`);
      this.#asked.add(packet.kind);
      if (packet.kind === "gssenc" || !init.clientTls) {
        // It should have waited for the answer.
        if (rest.length > 0) throw injected();
        out.send("client", Buffer.from("N"));
        return false;
      }
      out.send("client", Buffer.from("S"));
      // The handshake takes a while; a cancel rarely comes encrypted.
      if (init.refusal === null && init.asksToConnect !== true) out.push({ kind: "reach" });
      this.#tls = "securing";
      this.#bytes = Buffer.alloc(0);
      // Bytes behind the request must not be read as if they had come through the encryption (CVE-2021-23214): they are the
      // beginning of the handshake, as when the tunnel knows our answer before we give it, or they break it.
      if (rest.length > 0 && rest[0] !== tlsHandshakeRecord) throw injected();
      const head = rest.length > 0 ? rest : null;
      out.push({ kind: "secure", side: "client", role: "server", head, alpn: [alpnProtocol] });
      return true;
    }
    if (packet.kind === "cancel") {
      if (init.refusal === null) out.push({ kind: "signal", key: cancelKey(packet.processId, packet.secret) });
      this.#core.end({ code: "client-closed", text: "a cancel request" });
      return true;
    }
    this.#core.clientSpeaks = true;
    this.#start(packet, rest);
    return true;
  }

  #start(packet: Extract<StartupPacket, { kind: "startup" }>, rest: Buffer): void {
    const { out, init } = this.#core;
    if (packet.major !== 3) {
      this.#refuse(
        sqlState.featureNotSupported,
        `unsupported frontend protocol ${packet.major}.${packet.minor}: this gateway speaks 3.0 to 3.${newestMinor}`,
      );
      return;
    }
    const unknown = [...packet.parameters.keys()].filter((name) => name.startsWith("_pq_."));
    if (packet.minor > newestMinor || unknown.length > 0) {
      out.send("client", encodeNegotiateProtocolVersion(Math.min(packet.minor, newestMinor), unknown));
    }
    if (init.refusal !== null) {
      this.#core.end({ code: "refused", text: init.refusal.text }, refusalReport(init.refusal));
      return;
    }
    const encoding = packet.parameters.get("client_encoding");
    if (encoding !== undefined && isUnsafeEncoding(encoding)) {
      this.#refuse(sqlState.featureNotSupported, `client_encoding ${encoding} cannot be read safely`, "Use UTF8.");
      return;
    }
    const replication = replicationOf(packet.parameters.get("replication"));
    if (replication !== null && init.connection.target.allowReplication !== true) {
      this.#refuse(
        sqlState.insufficientPrivilege,
        "replication is not allowed on this connection",
        "An administrator can set allowReplication on it.",
      );
      return;
    }
    const startup = startupFrom(packet, this.#core, replication);
    const settings = startupSettings(startup.parameters, replication !== null);
    if ("refused" in settings) {
      this.#refuse(
        sqlState.featureNotSupported,
        settings.refused,
        "Connect without it; where your rules allow it, SET it then.",
      );
      return;
    }
    this.#started(startup, rest, settings.statements);
  }

  #refuse(code: string, message: string, hint?: string): void {
    this.#core.end({ code: "refused", text: message }, { severity: "FATAL", code, message: `hoop: ${message}`, hint });
  }
}

function injected(): MalformedError {
  return new MalformedError("unencrypted bytes behind a request for encryption");
}

/** Under what a session claims its cancels, and a cancel request finds them. */
export function cancelKey(processId: number, secret: Buffer): string {
  return `postgres:${processId}:${secret.toString("hex")}`;
}

function replicationOf(value: string | undefined): Replication | null {
  if (value === undefined) return null;
  if (value === "database") return value;
  // PostgreSQL reads any unambiguous beginning of a boolean; what is surely off is off, all else may be on.
  return /^(?:f|fa|fal|fals|false|n|no|of|off|0)$/i.test(value.trim()) ? null : "physical";
}

function startupFrom(
  packet: Extract<StartupPacket, { kind: "startup" }>,
  core: Core,
  replication: Replication | null,
): Startup {
  const { init } = core;
  const { credential, connection } = init;
  const wantedUser = packet.parameters.get("user") ?? "";
  const wanted = packet.parameters.get("database") ?? "";
  const stored = connection.target.database;
  // libpq names the database after the user when it was told none: then the client did not choose.
  // A stream of the whole cluster is in none: `replication`, which libpq's programs say there, is nobody's name.
  const chosen = replication !== "physical" && wanted !== "" && wanted !== wantedUser;
  // A user made for this session has no database of its own name: the one of the stored login was meant.
  const login = connection.target.user;
  // So of one that is not known yet, as the access waits for people.
  const unnamed = credential.role !== undefined || credential.user === "";
  const own = unnamed && typeof login === "string" ? login : credential.user;
  const database = chosen ? wanted : typeof stored === "string" && stored !== "" ? stored : own;
  const parameters = new Map<string, string>();
  const client: Record<string, string> = {};
  for (const [name, value] of packet.parameters) {
    if (name.startsWith("_pq_.") || name === "user" || name === "database") continue;
    if (name === "replication" && replication === null) continue;
    parameters.set(name, value);
    if (name === "application_name") client[name] = value;
  }
  // What is no purpose states none: it spares nothing.
  const purpose = takePurpose(parameters);
  if (purpose) client.purpose = purpose;
  client.protocol = `3.${Math.min(packet.minor, newestMinor)}`;
  return {
    minor: Math.min(packet.minor, newestMinor),
    parameters: new Map([["user", credential.user], ["database", database], ...parameters]),
    user: credential.user,
    role: credential.role ?? credential.user,
    database,
    replication,
    client,
    anew: () => startupFrom(packet, core, replication),
  };
}
