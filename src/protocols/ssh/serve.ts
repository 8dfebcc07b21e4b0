import type { EndReason, SessionHost, SessionKeys } from "../../protocol/index.js";
import { HoopError, hoopErrorFrom } from "../../vocabulary/index.js";
import { MalformedError } from "../../wire/index.js";
import { Bridge } from "./connection/bridge.js";
import { type End, otherEnd } from "./connection/channel.js";
import { Entrance } from "./entrance.js";
import { Judging } from "./judging.js";
import { AcceptClient } from "./login/accept-client.js";
import { LoginToTarget } from "./login/login-to-target.js";
import { ed25519FromSeed } from "./login/openssh-key.js";
import { isPrivateKey, signerFrom } from "./login/signer.js";
import { type TargetKeys, trustsAuthorities, verifyTargetKey } from "./login/target-key.js";
import { loginName, type SshTarget, targetOf } from "./target.js";
import { parseKey } from "./transport/library.js";
import { SshTransport } from "./transport/transport.js";
import { message, write } from "./wire.js";

/** Source: RFC 4253, section 11.1. */
const disconnectByApplication = 11;
/** For what was said last to be on its way before the end. */
const partingMs = 250;

/** Serves one SSH connection: the client's login is the lane's, the target's is the gateway's own. */
export function serve(host: SessionHost): Promise<EndReason> {
  return new SshSession(host).run();
}

class SshSession {
  readonly #host: SessionHost;
  readonly #target: SshTarget;
  readonly #ends: Partial<Record<End, SshTransport>> = {};
  #bridge: Bridge | null = null;
  #accept: AcceptClient | null = null;
  #login: LoginToTarget | null = null;
  #entrance: Entrance | null = null;
  #judging: Judging | null = null;
  #user = "";
  #finish: (reason: EndReason) => void = () => {};
  #over = false;
  #deadline: NodeJS.Timeout | null = null;

  constructor(host: SessionHost) {
    this.#host = host;
    this.#target = targetOf(host.init.connection);
  }

  run(): Promise<EndReason> {
    return new Promise((resolve) => {
      this.#finish = resolve;
      this.#host.onOrder((order) => {
        if (order.kind === "end") this.#end(order.reason);
        else if (order.kind === "notice") this.#bridge?.notice(`${order.text}\r\n`);
        else if (order.kind === "watched") this.#judging?.watched(order.until);
      });
      this.#await();
      this.#welcome().catch((error: unknown) => this.#failed(error));
    });
  }

  /** A login has so long; people who are asked about it have as long as the rules say. */
  #await(): void {
    this.#deadline = setTimeout(
      () => this.#end({ code: "timeout", text: "the login took too long" }),
      this.#host.init.limits.handshakeMs,
    );
  }

  #stopWaiting(): void {
    if (this.#deadline) clearTimeout(this.#deadline);
    this.#deadline = null;
  }

  async #welcome(): Promise<void> {
    const seed = await this.#keys().hostKeySeed();
    const key = parseKey(ed25519FromSeed(seed).privateKey);
    if (key instanceof Error)
      throw new HoopError("internal", "the gateway's host key could not be read", { cause: key });
    const client = new SshTransport(
      this.#host.client,
      { kind: "server", hostKey: key },
      {
        ready: () => {
          this.#accept = new AcceptClient((payload) => void client.send(payload));
        },
        payload: (payload) => this.#receive("client", payload),
        drain: () => this.#ends.target?.resume(),
        ended: () => this.#end({ code: "client-closed", text: "the client closed the connection" }),
        closed: () => this.#end({ code: "client-closed", text: "the client closed the connection" }),
      },
    );
    this.#ends.client = client;
  }

  #keys(): SessionKeys {
    const { keys } = this.#host;
    if (!keys) throw new HoopError("internal", "this gateway was composed without the keys that SSH needs");
    return keys;
  }

  #receive(from: End, payload: Buffer): void {
    if (this.#over) return;
    try {
      if (this.#bridge) return this.#bridge.receive(from, payload);
      if (from === "client") return this.#clientLogin(payload);
      if (this.#login?.receive(payload)) this.#begin();
    } catch (error) {
      this.#failed(error, from);
    }
  }

  #clientLogin(payload: Buffer): void {
    if (!this.#accept) throw new MalformedError("a message before the keys are agreed on");
    const login = this.#accept.receive(payload);
    // Whoever waits at the door has said who they are.
    if (login === null || this.#entrance) return;
    this.#user = login.user;
    const { refusal } = this.#host.init;
    if (refusal) return this.#end({ code: "refused", text: refusal.text }, refusal.hint);
    if (this.#host.init.asksToConnect) this.#enter(login.user);
    else this.#admitted(login.user);
  }

  #enter(asked: string): void {
    this.#stopWaiting();
    const say = (line: string) => this.#accept!.banner(line);
    // The credential's own name is known when people have allowed it.
    const user = loginName(this.#target, this.#host.init.credential.user, asked) ?? asked;
    this.#entrance = new Entrance(this.#host, user, say, (denied) => {
      if (denied !== null) return this.#end({ code: "refused", text: denied });
      this.#await();
      this.#admitted(asked);
    });
  }

  #admitted(asked: string): void {
    const user = loginName(this.#target, this.#host.init.credential.user, asked);
    if (user === null) {
      const { name } = this.#host.init.connection;
      const text = `${name} has no default login, and ${JSON.stringify(asked)} is not allowed`;
      const hint = `ssh one-of-its-users@${name}.hoop; an admin sets target.user or target.users`;
      return this.#end({ code: "refused", text }, hint);
    }
    this.#ends.client!.pause();
    this.#reach(user).catch((error: unknown) => this.#failed(error));
  }

  async #reach(user: string): Promise<void> {
    const host = this.#host;
    const { secret } = host.init.credential;
    const certificate = this.#target.auth === "certificate" ? await this.#keys().userCertificate(user) : null;
    const signer = certificate
      ? signerFrom(ed25519FromSeed(certificate.seed).privateKey, certificate.certificate)
      : secret !== null && isPrivateKey(secret)
        ? signerFrom(secret)
        : null;
    const password = signer === null && this.#target.auth === "secret" ? secret : null;
    const pipe = await host.dial(host.signal);
    if (this.#over) return pipe.abort({ code: "cancelled", text: "the client is gone" });
    const target: SshTransport = new SshTransport(
      pipe,
      {
        kind: "client",
        certificates: trustsAuthorities(this.#target.hostKeys),
        verify: (key, done) => {
          verifyTargetKey(key, this.#targetKeys(), this.#keys()).then(
            () => done(true),
            (error: unknown) => {
              this.#failed(error);
              done(false);
            },
          );
        },
      },
      {
        ready: () => {
          this.#login = new LoginToTarget(
            { user, signer, password },
            (payload) => void target.send(payload),
            () => target.sessionId,
          );
          this.#login.begin();
        },
        payload: (payload) => this.#receive("target", payload),
        drain: () => this.#ends.client?.resume(),
        ended: () => this.#end({ code: "target-closed", text: "the target closed the connection" }),
        closed: (why) => this.#end({ code: "target-closed", text: why?.text ?? "the target closed the connection" }),
      },
    );
    this.#ends.target = target;
  }

  #targetKeys(): TargetKeys {
    const { connection } = this.#host.init;
    return { pinned: this.#target.hostKeys, names: [connection.host, ...this.#target.hostNames] };
  }

  #begin(): void {
    const { client, target } = this.#ends as Record<End, SshTransport>;
    this.#stopWaiting();
    const judging = new Judging(
      this.#host,
      { user: this.#user, target: this.#target },
      (text, channel) => this.#bridge?.notice(text, channel),
      (reason) => this.#end(reason),
    );
    this.#judging = judging;
    this.#bridge = new Bridge({
      env: this.#target.env,
      send: (to, payload, data) => {
        if (!this.#ends[to]!.send(payload, data)) this.#ends[otherEnd(to)]!.pause();
      },
      judge: (request, channel, answer) => judging.judge(request, channel, answer),
      tap: (channel, ports) => judging.tap(channel, ports),
    });
    this.#host.note({ kind: "ready", targetVersion: target.peer, client: { software: client.peer, user: this.#user } });
    this.#accept!.accept();
    client.authenticated();
    target.authenticated();
    client.resume();
  }

  #failed(error: unknown, from: End = "target"): void {
    if (error instanceof MalformedError) {
      return this.#end(
        from === "client"
          ? { code: "malformed", text: `this client does not speak SSH as it is written: ${error.message}` }
          : { code: "target-closed", text: `the target does not speak SSH as it is written: ${error.message}` },
      );
    }
    const failure = hoopErrorFrom(error, "the target could not be reached");
    const code = failure.code === "denied" || failure.code === "invalid" ? "login-failed" : "unavailable";
    this.#end({ code, text: failure.message }, failure.hint);
  }

  /** Says why, in words that stock clients print, then ends both sides. */
  #end(reason: EndReason, hint?: string): void {
    if (this.#over) return;
    this.#over = true;
    this.#stopWaiting();
    this.#entrance?.leave(reason.code === "drained");
    const { client, target } = this.#ends;
    const said = reason.code !== "client-closed" && reason.code !== "target-closed";
    const text = `hoop: ${reason.text}${hint ? ` (${hint})` : ""}`;
    if (client && (said || !this.#bridge)) {
      if (this.#bridge) this.#bridge.notice(`\r\n${text}\r\n`);
      else this.#accept?.banner(`${text}\n`);
    }
    this.#bridge?.close();
    if (client && reason.code !== "client-closed")
      client.send(write(message.disconnect).uint32(disconnectByApplication).string(text).string("").end());
    target?.abort({ code: "cancelled", text: reason.text });
    setTimeout(
      () => {
        const abort = { code: "cancelled", text: reason.text } as const;
        if (client) client.abort(abort);
        else this.#host.client.abort(abort);
        this.#finish(reason);
      },
      reason.code === "client-closed" ? 0 : partingMs,
    );
  }
}
