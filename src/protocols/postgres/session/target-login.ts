import type { SecuredInfo } from "../../../protocol/index.js";
import { HoopError } from "../../../vocabulary/index.js";
import { MalformedError } from "../../../wire/index.js";
import {
  encodeAuthenticationOk,
  encodeBackendKeyData,
  encodeReadyForQuery,
  readAuthentication,
  readReport,
} from "../codec/backend.js";
import { type FrameFate, type FrameHandler, FrameWalker } from "../codec/frames.js";
import { body } from "../codec/frontend.js";
import { encodeSslRequest, encodeStartup } from "../codec/startup.js";
import { backend, typeName } from "../codec/types.js";
import { endReasonFrom, loginRefusal, sqlState } from "../errors.js";
import { Login, type LoginStep } from "../login/login.js";
import type { Core } from "./core.js";
import { alpnProtocol, cancelKey, type Startup } from "./greeting.js";
import { namesRole } from "./startup-settings.js";
import { isUnsafeEncoding } from "./text.js";

/** No message of a login is longer; a server that sends one is not a PostgreSQL. */
const maxLoginFrame = 64 * 1024;
/** Nor do all of them together take more: what a target reports of itself is kept. */
const maxLoginBytes = 1024 * 1024;

/** From the dial to the target's first ReadyForQuery: TLS, the gateway's login, the target's parameters. */
export class TargetLogin implements FrameHandler {
  readonly #core: Core;
  readonly #startup: Startup;
  readonly #ready: (parameters: Map<string, string>, status: number) => void;
  readonly #walker = new FrameWalker(maxLoginFrame);
  readonly #parameters = new Map<string, string>();
  #phase: "dialling" | "asked-tls" | "securing" | "login" | "parameters" | "ready" | "failed" = "dialling";
  #login: Login | null = null;
  #deriving = 0;
  #bytes = 0;
  #info: SecuredInfo | null = null;

  constructor(core: Core, startup: Startup, ready: (parameters: Map<string, string>, status: number) => void) {
    this.#core = core;
    this.#startup = startup;
    this.#ready = ready;
  }

  opened(): void {
    if (this.#phase !== "dialling") return;
    if (this.#core.init.connection.tls.mode === "disable") {
      this.#start();
      return;
    }
    this.#phase = "asked-tls";
    this.#core.out.send("target", encodeSslRequest());
  }

  /** Answers what belongs to the session behind the login. */
  receive(chunk: Buffer): Buffer | null {
    if (this.#phase === "asked-tls") {
      this.#encryptionAnswer(chunk);
      return null;
    }
    if (this.#phase === "securing" || this.#phase === "dialling")
      throw new MalformedError("the target speaks out of turn");
    return this.#walker.walk(chunk, this);
  }

  secured(info: SecuredInfo): void {
    this.#core.targetTls = true;
    this.#info = info;
    this.#start();
  }

  derived(id: number, key: Buffer): void {
    if (id !== this.#deriving) return;
    this.#deriving = 0;
    this.#guarded(() => this.#step(this.#login!.derived(key)));
  }

  failed(error: HoopError): void {
    if (this.#phase === "securing") {
      this.#phase = "failed";
      return this.failed(this.#unsecured(error));
    }
    const reason = endReasonFrom(error, "login-failed");
    this.#core.end(reason, {
      severity: "FATAL",
      code: reason.code === "unavailable" || reason.code === "timeout" ? "57P03" : sqlState.invalidAuthorization,
      message: `hoop: ${reason.text}`,
      hint: error.hint,
    });
  }

  /**
   * The target said that it speaks TLS. Going on in clear, as libpq does under `prefer`, would let whoever can disturb the handshake
   * read everything, and with it a password that the target then asks for in clear.
   */
  #unsecured(error: HoopError): HoopError {
    const { mode } = this.#core.init.connection.tls;
    const hint =
      mode === "prefer"
        ? "mend TLS at the target; if it may go on in clear, set the connection's tls.mode to disable"
        : "look at the TLS of the target: its certificate, its protocol versions";
    const text = `the target offers TLS, and then it did not come about: ${error.message}`;
    return new HoopError(error.code, text, { cause: error, hint: error.hint ?? hint });
  }

  #encryptionAnswer(chunk: Buffer): void {
    const { mode } = this.#core.init.connection.tls;
    // Exactly one byte: what stood behind it in clear would be read as if TLS had protected it (CVE-2021-23222).
    if (chunk[0] === 0x53) {
      if (chunk.length > 1)
        throw new MalformedError("the target sent unencrypted bytes behind its answer to the TLS request");
      this.#phase = "securing";
      this.#core.out.push({ kind: "secure", side: "target", role: "client", head: null, alpn: [alpnProtocol] });
      return;
    }
    if (chunk[0] === 0x4e && chunk.length === 1) {
      if (mode === "prefer") {
        this.#start();
        return;
      }
      this.failed(
        new HoopError("unavailable", `the target offers no TLS, and the connection's mode is ${mode}`, {
          hint: "switch TLS on at the target, or change the connection's tls.mode",
        }),
      );
      return;
    }
    if (chunk[0] === backend.errorResponse) {
      this.failed(new HoopError("unavailable", "the target answered the TLS request with an error"));
      return;
    }
    throw new MalformedError("the target's answer to the TLS request is not one of PostgreSQL's");
  }

  #start(): void {
    const { init } = this.#core;
    this.#phase = "login";
    this.#login = new Login({
      user: init.credential.user,
      secret: init.credential.secret,
      overheard: init.viaAgent && this.#info?.verified !== true && !init.connection.exposesCredentialToAgent,
      certificate: this.#info?.peerCertificate ?? null,
      random: init.random,
    });
    this.#core.out.send("target", encodeStartup(this.#parametersWithRole()));
  }

  /** The role that the session acts as; what RESET ROLE and DISCARD ALL go back to. Its members alone may say it. */
  #parametersWithRole(): ReadonlyMap<string, string> {
    const { parameters } = this.#startup;
    const { role } = this.#core.init.credential;
    // A walsender takes no role, and has no rights that one could narrow.
    if (role === undefined || namesRole(parameters) || this.#startup.replication !== null) return parameters;
    return new Map([...parameters, ["role", role]]);
  }

  #guarded(action: () => void): void {
    try {
      action();
    } catch (error) {
      if (!(error instanceof HoopError)) throw error;
      this.failed(error);
    }
  }

  #step(step: LoginStep): void {
    const { out } = this.#core;
    if (step.kind === "send") out.send("target", step.bytes);
    else if (step.kind === "derive") {
      this.#deriving = out.nextId();
      out.push({
        kind: "derive",
        id: this.#deriving,
        secret: step.secret,
        salt: step.salt,
        iterations: step.iterations,
      });
    } else if (step.kind === "done") {
      this.#phase = "parameters";
      if (!this.#core.authenticated) out.send("client", encodeAuthenticationOk());
      this.#core.authenticated = true;
    }
  }

  fate(): FrameFate {
    return "take";
  }

  pass(): void {}

  after(): void {}

  blocked(): boolean {
    return this.#phase === "ready" || this.#core.ended;
  }

  frame(type: number, bytes: Buffer, at: number, length: number): boolean {
    const { out } = this.#core;
    this.#bytes += length;
    if (this.#bytes > maxLoginBytes) throw new MalformedError("the target says more in its login than can be kept");
    const reader = body(bytes, at, length);
    const raw = bytes.subarray(at, at + length);
    switch (type) {
      case backend.authentication:
        if (this.#phase !== "login" || this.#deriving !== 0) throw outOfTurn(type);
        this.#guarded(() => this.#step(this.#login!.next(readAuthentication(reader))));
        return false;
      case backend.errorResponse:
        this.#refused(readReport(reader).get("C") ?? "");
        return false;
      case backend.noticeResponse:
        // Before the login is over nobody knows who says this.
        if (this.#phase === "parameters") out.send("client", raw);
        return false;
      case backend.negotiateProtocolVersion:
        return false;
      case backend.parameterStatus: {
        if (this.#phase !== "parameters") throw outOfTurn(type);
        this.#parameters.set(reader.cstring(), reader.cstring());
        out.send("client", raw);
        return false;
      }
      case backend.backendKeyData:
        if (this.#phase !== "parameters" || this.#core.targetCancel !== null) throw outOfTurn(type);
        this.#mintKey(reader.uint32(), Buffer.from(reader.rest()));
        return false;
      case backend.readyForQuery: {
        if (this.#phase !== "parameters") throw outOfTurn(type);
        this.#finish(reader.uint8());
        return false;
      }
      default:
        throw outOfTurn(type);
    }
  }

  /** The client gets a key of ours: the target's own would let it cancel past us. */
  #mintKey(processId: number, secret: Buffer): void {
    if (secret.length < 4 || secret.length > 256)
      throw new MalformedError("the target's cancel key has an impossible length");
    const { init, out } = this.#core;
    this.#core.targetCancel = { processId, secret };
    const own = init.random(this.#startup.minor >= 2 ? 32 : 4);
    out.push({ kind: "register", key: cancelKey(processId, own) });
    out.send("client", encodeBackendKeyData(processId, own));
  }

  #finish(status: number): void {
    const strings = this.#parameters.get("standard_conforming_strings");
    if (strings !== undefined && strings !== "on") {
      this.#unsafe("standard_conforming_strings is off", "Leave it on: with it off, statements cannot be read safely.");
      return;
    }
    const encoding = this.#parameters.get("client_encoding") ?? "UTF8";
    if (isUnsafeEncoding(encoding)) {
      this.#unsafe(`client_encoding ${encoding} cannot be read safely`, "Use UTF8.");
      return;
    }
    this.#phase = "ready";
    this.#core.out.send("client", encodeReadyForQuery(status));
    this.#ready(this.#parameters, status);
  }

  #unsafe(text: string, hint: string): void {
    this.#core.end(
      { code: "refused", text },
      { severity: "FATAL", code: sqlState.featureNotSupported, message: `hoop: ${text}`, hint },
    );
  }

  #refused(code: string): void {
    const report = loginRefusal(code, this.#startup.user, this.#startup.database);
    const unavailable = report.code === "53300" || report.code === "57P03";
    this.#core.end(
      { code: unavailable ? "unavailable" : "login-failed", text: report.message.slice("hoop: ".length) },
      report,
    );
  }
}

function outOfTurn(type: number): MalformedError {
  return new MalformedError(`the target sent ${typeName(type)} where the login does not have it`);
}
