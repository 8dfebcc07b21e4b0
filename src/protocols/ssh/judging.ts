import type { Ask, EndReason, SessionHost } from "../../protocol/index.js";
import type { Analysis } from "../../vocabulary/index.js";
import { requestAnalysis, runsSftp } from "./analysis.js";
import type { TapPorts, Withdraw } from "./connection/bridge.js";
import type { Channel, ChannelTap } from "./connection/channel.js";
import type { JudgedRequest, RequestVerdict } from "./connection/requests.js";
import { asksForLines } from "./prompt/asks-for-lines.js";
import { LineStatements } from "./prompt/line-statements.js";
import { shellTap } from "./prompt/shell-tap.js";
import { Cast } from "./screen/cast.js";
import { ScreenBound } from "./screen/screen-bound.js";
import { operationAnalysis } from "./sftp/operation.js";
import { SftpTap } from "./sftp/sftp-tap.js";
import type { SshTarget } from "./target.js";
import { Waits } from "./waits.js";

export interface Login {
  /** The login name at the target. */
  readonly user: string;
  readonly target: SshTarget;
}

type Word = { readonly ask: number } | { readonly denied: string };

/** Denials of one SFTP channel that are said on standard error too: a client that never reads it has a window to fill. */
const maxSaid = 100;

const carriageReturn = 13;
const lineFeed = 10;

type Running = { readonly ask: number; bytes: number };

/** Brings what clients ask for before the gate, and notes how it ended. */
export class Judging {
  readonly #host: SessionHost;
  readonly #login: Login;
  readonly #notice: (text: string, channel: Channel | null) => void;
  /** What a terminal shows cannot be written down any more. */
  readonly #unrecorded: (reason: EndReason) => void;
  readonly #bound: ScreenBound;
  readonly #casts = new Set<Cast>();
  #watchedUntil = 0;
  readonly #running = new Map<Channel, Running>();
  #asks = 0;
  #terminals = 0;

  constructor(
    host: SessionHost,
    login: Login,
    notice: (text: string, channel: Channel | null) => void,
    unrecorded: (reason: EndReason) => void,
  ) {
    this.#host = host;
    this.#login = login;
    this.#notice = notice;
    this.#unrecorded = unrecorded;
    this.#bound = new ScreenBound(host.init.limits.maxScreen, (reason) => this.#full(reason));
  }

  judge(request: JudgedRequest, channel: Channel | null, answer: (verdict: RequestVerdict) => void): Withdraw {
    const { user, target } = this.#login;
    const { text, analysis } = requestAnalysis(request, user, channel?.pty !== null && channel !== null, target);
    return this.#ask(text, Buffer.byteLength(text), analysis, channel, (word) => {
      if ("denied" in word) return answer({ outcome: "deny", text: word.denied });
      // Of several requests on a channel the last one is what runs.
      if (channel) this.#running.set(channel, { ask: word.ask, bytes: 0 });
      answer({ outcome: "allow" });
    });
  }

  tap(channel: Channel, ports: TapPorts): ChannelTap | null {
    const running = this.#running.get(channel);
    if (!running) return null;
    const { kind, text } = channel.running!;
    const isSftp = (kind === "subsystem" && text === "sftp") || (kind === "exec" && runsSftp(text));
    if (isSftp) return this.#sftpTap(channel, running, ports);
    const plain = this.#plainTap(channel, running, ports);
    return kind === "shell" ? this.#shellTap(channel, plain, ports) : plain;
  }

  /** A shell, whose lines are judged one by one where rules look at commands. */
  #shellTap(channel: Channel, plain: ChannelTap, ports: TapPorts): ChannelTap {
    const { user, target } = this.#login;
    const statements = new LineStatements({
      attributes: { user, pty: channel.pty !== null },
      target,
      ask: (text, analysis, answer) => this.#ask(text, Buffer.byteLength(text), analysis, channel, answer),
      finished: (ask, bytes) => this.#finished(ask, "unknown", bytes, undefined),
    });
    const active = () => target.lines === "judged" || asksForLines(this.#host.gate.needs?.());
    return shellTap({ channel, plain, ports, statements, active });
  }

  #plainTap(channel: Channel, running: Running, ports: TapPorts): ChannelTap {
    let status: string | undefined;
    const cast = this.#cast(channel, ports);
    return {
      fromClient: (data) => {
        if (data.includes(carriageReturn) || data.includes(lineFeed)) cast?.marker("enter");
        return data;
      },
      fromTarget: (data) => {
        running.bytes += data.length;
        cast?.output(data);
        return data;
      },
      resized: (columns, rows) => cast?.resized(columns, rows),
      exited: (code, signal) => {
        status = signal === null ? `exit ${code}` : `signal ${signal}`;
      },
      closed: () => {
        if (cast) {
          this.#casts.delete(cast);
          cast.end();
        }
        this.#running.delete(channel);
        this.#finished(running.ask, "ok", running.bytes, status);
      },
    };
  }

  /** Somebody looks on until then: what is shown is written at once. */
  watched(until: number): void {
    this.#watchedUntil = until;
    for (const cast of this.#casts) cast.watched(until);
  }

  /** What a terminal shows is recorded; a command without one has its bytes counted only. */
  #cast(channel: Channel, { brake }: TapPorts): Cast | null {
    if (!channel.pty) return null;
    const terminal = this.#terminals++;
    const cast = new Cast(
      {
        now: Date.now,
        write: (part, text, written) => {
          this.#host.note({ kind: "screen", terminal, part, text }, (error) => {
            if (error)
              this.#unrecorded({
                code: "unavailable",
                text: `this session cannot be recorded: ${error.message}`,
              });
            else written();
          });
          this.#bound.took(Buffer.byteLength(text));
        },
        brake,
      },
      channel.pty,
    );
    cast.watched(this.#watchedUntil);
    this.#casts.add(cast);
    return cast;
  }

  /** Each recording says why it ends there, before the session does. */
  #full(reason: EndReason): void {
    for (const cast of this.#casts) cast.marker(reason.text);
    this.#host.note({ kind: "warning", text: reason.text });
    this.#unrecorded(reason);
  }

  #sftpTap(channel: Channel, running: Running, { inject, end }: TapPorts): ChannelTap {
    const { user, target } = this.#login;
    let said = 0;
    return new SftpTap({
      judge: (operation, bytes, answer) => {
        const analysis = operationAnalysis(operation, { user, pty: false }, target.home);
        return this.#ask(analysis.shape, bytes, analysis, channel, (word) => {
          // Most clients show a status by its number and not by its text.
          if ("denied" in word && said++ < maxSaid) this.#notice(`hoop: ${word.denied}\r\n`, channel);
          answer(word);
        });
      },
      finished: (ask, outcome, bytes, tag) => {
        running.bytes += bytes;
        this.#finished(ask, outcome, bytes, tag);
      },
      inject: (to, data) => inject(to, data, null),
      idle: () => {
        if (channel.ended.client) end();
      },
      closed: () => {
        this.#running.delete(channel);
        this.#finished(running.ask, "ok", running.bytes, undefined);
      },
    });
  }

  #ask(
    text: string,
    bytes: number,
    analysis: Analysis,
    channel: Channel | null,
    answer: (word: Word) => void,
  ): Withdraw {
    const id = ++this.#asks;
    const waits = new Waits((line) => this.#notice(line, channel));
    this.#host.gate.judge(
      id,
      askOf("statement", text, bytes, this.#login.user, analysis),
      (word) => {
        waits.over();
        if (word.outcome === "allow") return answer({ ask: id });
        const why = word.reasons.map((reason) => reason.text).join("; ") || "no rule allows this";
        answer({ denied: word.hint ? `${why} (${word.hint})` : why });
      },
      (waiting) => waits.told(waiting),
    );
    return () => {
      waits.over();
      this.#host.gate.withdraw?.(id);
    };
  }

  #finished(ask: number, outcome: "ok" | "error" | "unknown", bytes: number, tag: string | undefined): void {
    this.#host.note({ kind: "finished", ask, outcome, rows: 0, bytes, maskedCells: 0, tag });
  }
}

/** A question to the gate: nothing of SSH depends on a database's state. */
export function askOf(phase: Ask["phase"], text: string, bytes: number, user: string, analysis?: Analysis): Ask {
  return {
    phase,
    text,
    context: { database: "", role: user, searchPath: null, settings: {}, transaction: "idle", prepared: null },
    values: null,
    bytes,
    ...(analysis ? { analysis } : {}),
  };
}
