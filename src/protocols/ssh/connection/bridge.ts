import { MalformedError } from "../../../wire/index.js";
import { message, SshReader, write } from "../wire.js";
import { type Channel, type ChannelTap, type End, newChannel, otherEnd } from "./channel.js";
import { ReplyQueue } from "./reply-queue.js";
import { envPasses, type JudgedRequest, plainRequests, type RequestVerdict, targetRequests } from "./requests.js";

export interface BridgePorts {
  send(to: End, payload: Buffer): void;
  /** Calls back once, perhaps hours later; `notice` may be called before, with a line for the person. */
  judge(request: JudgedRequest, channel: Channel | null, answer: (verdict: RequestVerdict) => void): Withdraw;
  /** Who looks at a channel's data once it runs; null: nobody. */
  tap(channel: Channel, inject: (to: End, data: Buffer, extended: number | null) => void): ChannelTap | null;
  readonly env: readonly string[];
}

/** Nobody waits for the answer any more. */
export type Withdraw = () => void;

/** One connection's channels; a person has few, a tool a dozen. */
const maxChannels = 256;
/** What a client may send to a channel whose command is still held. */
const maxWaiting = 4 * 1024 * 1024;
/** Of one data message; what every implementation takes. */
const maxData = 32 * 1024;
/** Nothing would fit into less, or a megabyte become a million messages. */
const minPacket = 256;
/** Of one channel and direction: what was read whole before it went on, while the other end takes nothing. */
const maxOverflow = 8 * 1024 * 1024;
const maxReplies = 1_000;

const failure = { prohibited: 1, unknownType: 3, shortage: 4 } as const;

/**
 * The connection layer between two ends (RFC 4254), message by message: channel numbers are mapped, windows pass through, so that
 * flow control is the two ends' own; what rules decide waits for their word; everything else goes on as it came. Pure: messages in,
 * messages out. Throws MalformedError where an end breaks the protocol.
 */
export class Bridge {
  readonly #ports: BridgePorts;
  readonly #channels = new Map<number, Channel>();
  readonly #replies: Record<End, ReplyQueue>;
  readonly #channelReplies = new Map<Channel, Record<End, ReplyQueue>>();
  readonly #overflow = new Map<Channel, Record<End, { data: Buffer; extended: number | null }[]>>();
  readonly #held = new Map<Channel, { readonly withdraw: Withdraw; readonly refuse: (text: string) => void }>();
  readonly #opening = new Set<Withdraw>();
  /** What the client asked the target to open towards it. */
  readonly #invited = { listens: 0, x11: false, agent: false };
  #next = 0;

  constructor(ports: BridgePorts) {
    this.#ports = ports;
    this.#replies = {
      client: new ReplyQueue((answer) => ports.send("client", answer)),
      target: new ReplyQueue((answer) => ports.send("target", answer)),
    };
  }

  get channels(): number {
    return this.#channels.size;
  }

  receive(from: End, payload: Buffer): void {
    const reader = new SshReader(payload);
    const type = reader.uint8();
    switch (type) {
      case message.globalRequest:
        return this.#globalRequest(from, payload, reader);
      case message.requestSuccess:
      case message.requestFailure:
        if (!this.#replies[otherEnd(from)].came(payload)) throw new MalformedError("an answer to nothing");
        return;
      case message.channelOpen:
        return this.#open(from, reader);
      default:
        if (type < message.channelOpenConfirmation || type > message.channelFailure)
          throw new MalformedError(`message ${type} has no place here`);
        return this.#onChannel(from, type, payload, reader);
    }
  }

  /** A line for the person, on every channel that runs or waits; Hoop's own words, on standard error. */
  notice(text: string, only: Channel | null = null): void {
    for (const channel of this.#channels.values()) {
      if (channel.type !== "session" || (only !== null && channel !== only)) continue;
      this.#inject(channel, "client", Buffer.from(text), 1);
    }
  }

  close(): void {
    for (const { withdraw } of this.#held.values()) withdraw();
    for (const withdraw of this.#opening) withdraw();
    this.#held.clear();
    this.#opening.clear();
    for (const channel of this.#channels.values()) channel.tap?.closed();
    this.#channels.clear();
  }

  // ---- Global requests -------------------------------------------------------------------------------------------------

  #globalRequest(from: End, payload: Buffer, reader: SshReader): void {
    const name = reader.text();
    const wantReply = reader.boolean();
    const replies = this.#replies[from];
    if (replies.length > maxReplies) throw new MalformedError("too many requests without an answer");
    const refuse = () => {
      if (wantReply) replies.answered(write(message.requestFailure).end());
    };
    // A target's keys are nothing to its client, who knows the gateway's; a keepalive asks about this hop.
    if (from === "target") return refuse();
    if (name === "no-more-sessions@openssh.com") return this.#ports.send("target", payload);
    const listens = listenRequest(name, reader);
    if (listens === null) {
      if (name !== "cancel-tcpip-forward" && name !== "cancel-streamlocal-forward@openssh.com") return refuse();
      if (wantReply) replies.forwarded();
      return this.#ports.send("target", payload);
    }
    const slot = wantReply ? replies.reserved() : null;
    this.#judgeOpening(listens, (verdict) => {
      if (verdict.outcome === "deny") {
        this.notice(`hoop: ${verdict.text}\r\n`);
        return slot?.answer(write(message.requestFailure).end());
      }
      this.#invited.listens++;
      slot?.forwarded();
      this.#ports.send("target", payload);
    });
  }

  #judgeOpening(request: JudgedRequest, answer: (verdict: RequestVerdict) => void): void {
    let withdraw: Withdraw | null = null;
    let answered = false;
    withdraw = this.#ports.judge(request, null, (verdict) => {
      answered = true;
      if (withdraw) this.#opening.delete(withdraw);
      answer(verdict);
    });
    if (!answered) this.#opening.add(withdraw);
  }

  // ---- Channels --------------------------------------------------------------------------------------------------------

  #open(from: End, reader: SshReader): void {
    const type = reader.text();
    const number = reader.uint32();
    const window = reader.uint32();
    const maxPacket = packetSize(reader.uint32());
    const rest = reader.rest();
    const refuse = (reason: number, text: string) =>
      this.#ports.send(
        from,
        write(message.channelOpenFailure).uint32(number).uint32(reason).string(text).string("").end(),
      );
    if (this.#channels.size >= maxChannels) return refuse(failure.shortage, `${maxChannels} channels are open already`);
    const request = from === "client" ? openRequest(type, rest) : null;
    if (from === "client" && request === undefined) return refuse(failure.unknownType, `${type} is not carried here`);
    if (from === "target" && !this.#isInvited(type)) return refuse(failure.prohibited, `nobody asked for ${type}`);
    const channel = newChannel(this.#freeId(), type, from, number);
    channel.window[from] = window;
    channel.maxPacket[from] = maxPacket;
    this.#channels.set(channel.id, channel);
    const forward = () =>
      this.#ports.send(
        otherEnd(from),
        write(message.channelOpen).string(type).uint32(channel.id).uint32(window).uint32(maxPacket).raw(rest).end(),
      );
    if (!request) return forward();
    this.#judgeOpening(request, (verdict) => {
      if (verdict.outcome === "allow") return forward();
      this.#forget(channel);
      refuse(failure.prohibited, `hoop: ${verdict.text}`);
    });
  }

  #isInvited(type: string): boolean {
    switch (type) {
      case "forwarded-tcpip":
      case "forwarded-streamlocal@openssh.com":
        return this.#invited.listens > 0;
      case "x11":
        return this.#invited.x11;
      case "auth-agent@openssh.com":
      case "agent-connect":
        return this.#invited.agent;
      default:
        return false;
    }
  }

  #freeId(): number {
    // Numbers are used anew as late as can be, so that a late message never meets another channel.
    while (this.#channels.has(this.#next)) this.#next = (this.#next + 1) >>> 0;
    const id = this.#next;
    this.#next = (this.#next + 1) >>> 0;
    return id;
  }

  #onChannel(from: End, type: number, payload: Buffer, reader: SshReader): void {
    const channel = this.#channels.get(reader.uint32());
    const opening = type === message.channelOpenConfirmation || type === message.channelOpenFailure;
    if (!channel || (!opening && (channel.numbers.client === null || channel.numbers.target === null)))
      throw new MalformedError("a message for a channel that is not open");
    const to = otherEnd(from);
    if (channel.left) {
      if (type === message.channelClose) channel.closed[from] = true;
      if (channel.closed.client && channel.closed.target) this.#forget(channel);
      return;
    }
    switch (type) {
      case message.channelOpenConfirmation: {
        if (channel.opener === from || channel.numbers[from] !== null) throw new MalformedError("opened twice");
        channel.numbers[from] = reader.uint32();
        channel.window[from] = reader.uint32();
        channel.maxPacket[from] = packetSize(reader.uint32());
        return this.#ports.send(
          to,
          write(type)
            .uint32(channel.numbers[to]!)
            .uint32(channel.id)
            .uint32(channel.window[from])
            .uint32(channel.maxPacket[from])
            .raw(reader.rest())
            .end(),
        );
      }
      case message.channelOpenFailure:
        if (channel.opener === from || channel.numbers[from] !== null)
          throw new MalformedError("failed after it was open");
        this.#forget(channel);
        return this.#ports.send(to, write(type).uint32(channel.numbers[to]!).raw(reader.rest()).end());
      case message.channelWindowAdjust:
        return this.#adjust(channel, from, reader.uint32());
      case message.channelClose:
        return this.#close(channel, from);
      case message.channelSuccess:
      case message.channelFailure:
        if (!this.#repliesOf(channel)[to].came(write(type).uint32(channel.numbers[to]!).end()))
          throw new MalformedError("an answer to nothing");
        return;
    }
    if (channel.closed[from]) throw new MalformedError("a message after close");
    // What comes after a command that is held waits behind it.
    if (from === "client" && channel.waiting !== null) return this.#wait(channel, payload);
    switch (type) {
      case message.channelData:
        return this.#data(channel, from, reader.string(), null);
      case message.channelExtendedData: {
        const kind = reader.uint32();
        return this.#data(channel, from, reader.string(), kind);
      }
      case message.channelEof:
        channel.ended[from] = true;
        return this.#toPeer(channel, to, type);
      default:
        return this.#channelRequest(channel, from, reader);
    }
  }

  #wait(channel: Channel, payload: Buffer): void {
    const held = this.#held.get(channel);
    if (held && channel.pty && payload[0] === message.channelData && payload.subarray(9).includes(3)) {
      held.withdraw();
      return held.refuse("withdrawn by you (Ctrl-C)");
    }
    channel.waitingBytes += payload.length;
    if (channel.waitingBytes > maxWaiting) throw new MalformedError("too much was sent to a command that is held");
    channel.waiting!.push(payload);
  }

  #toPeer(channel: Channel, to: End, type: number): void {
    const number = channel.numbers[to];
    if (number !== null && !channel.closed[otherEnd(to)]) this.#ports.send(to, write(type).uint32(number).end());
  }

  #adjust(channel: Channel, from: End, bytes: number): void {
    channel.window[from] += bytes;
    if (channel.window[from] > 0xffffffff) throw new MalformedError("a window that is larger than windows are");
    this.#drain(channel, from);
    const own = Math.min(channel.owed[from], bytes);
    channel.owed[from] -= own;
    if (bytes > own) this.#giveRoom(channel, otherEnd(from), bytes - own);
  }

  #giveRoom(channel: Channel, to: End, bytes: number): void {
    const number = channel.numbers[to];
    if (number !== null) this.#ports.send(to, write(message.channelWindowAdjust).uint32(number).uint32(bytes).end());
  }

  #data(channel: Channel, from: End, data: Buffer, extended: number | null): void {
    const to = otherEnd(from);
    let passed: Buffer | null = data;
    if (channel.tap) passed = from === "client" ? channel.tap.fromClient(data) : channel.tap.fromTarget(data, extended);
    const missing = data.length - (passed?.length ?? 0);
    if (missing > 0) this.#giveRoom(channel, from, missing);
    else channel.owed[to] -= missing;
    if (passed !== null && passed.length > 0) this.#send(channel, to, passed, extended);
  }

  /** Bytes of Hoop's own for an end; its peer never hears of the room they take. */
  #inject(channel: Channel, to: End, data: Buffer, extended: number | null): void {
    if (channel.numbers[to] === null || channel.numbers[otherEnd(to)] === null || channel.closed[otherEnd(to)]) return;
    channel.owed[to] += data.length;
    this.#send(channel, to, data, extended);
  }

  #send(channel: Channel, to: End, data: Buffer, extended: number | null): void {
    const waiting = this.#overflow.get(channel)?.[to];
    let at = 0;
    while ((!waiting || waiting.length === 0) && at < data.length && channel.window[to] > 0) {
      const length = Math.min(data.length - at, channel.window[to], channel.maxPacket[to]);
      this.#sendPart(channel, to, data.subarray(at, at + length), extended);
      at += length;
    }
    if (at === data.length) return;
    let queues = this.#overflow.get(channel);
    if (!queues) {
      queues = { client: [], target: [] };
      this.#overflow.set(channel, queues);
    }
    queues[to].push({ data: data.subarray(at), extended });
    let bytes = 0;
    for (const one of queues[to]) bytes += one.data.length;
    // A peer that keeps to its window leaves no more than what was added to it.
    if (bytes > Math.min(channel.owed[to] + maxData, maxOverflow))
      throw new MalformedError("more data than the window has room for");
  }

  #drain(channel: Channel, to: End): void {
    const queue = this.#overflow.get(channel)?.[to];
    while (queue && queue.length > 0 && channel.window[to] > 0) {
      const first = queue[0]!;
      const length = Math.min(first.data.length, channel.window[to], channel.maxPacket[to]);
      this.#sendPart(channel, to, first.data.subarray(0, length), first.extended);
      if (length === first.data.length) queue.shift();
      else queue[0] = { data: first.data.subarray(length), extended: first.extended };
    }
  }

  #sendPart(channel: Channel, to: End, data: Buffer, extended: number | null): void {
    channel.window[to] -= data.length;
    const head = write(extended === null ? message.channelData : message.channelExtendedData).uint32(
      channel.numbers[to]!,
    );
    if (extended !== null) head.uint32(extended);
    this.#ports.send(to, head.string(data).end());
  }

  #close(channel: Channel, from: End): void {
    const to = otherEnd(from);
    if (channel.closed[from]) throw new MalformedError("closed twice");
    this.#held.get(channel)?.withdraw();
    this.#held.delete(channel);
    channel.waiting = null;
    const number = channel.numbers[to];
    channel.closed[from] = true;
    if (number !== null) this.#ports.send(to, write(message.channelClose).uint32(number).end());
    if (channel.closed[to]) this.#forget(channel);
  }

  #forget(channel: Channel): void {
    this.#channels.delete(channel.id);
    this.#channelReplies.delete(channel);
    this.#overflow.delete(channel);
    channel.tap?.closed();
    channel.tap = null;
  }

  #repliesOf(channel: Channel): Record<End, ReplyQueue> {
    let queues = this.#channelReplies.get(channel);
    if (!queues) {
      queues = {
        client: new ReplyQueue((answer) => this.#ports.send("client", answer)),
        target: new ReplyQueue((answer) => this.#ports.send("target", answer)),
      };
      this.#channelReplies.set(channel, queues);
    }
    return queues;
  }

  // ---- Requests on channels ----------------------------------------------------------------------------------------------

  #channelRequest(channel: Channel, from: End, reader: SshReader): void {
    const name = reader.text();
    const wantReply = reader.boolean();
    const rest = reader.rest();
    const to = otherEnd(from);
    const replies = this.#repliesOf(channel)[from];
    if (replies.length > maxReplies) throw new MalformedError("too many requests without an answer");
    const forward = () =>
      this.#ports.send(
        to,
        write(message.channelRequest).uint32(channel.numbers[to]!).string(name).boolean(wantReply).raw(rest).end(),
      );
    const refuse = () => {
      if (wantReply) replies.answered(write(message.channelFailure).uint32(channel.numbers[from]!).end());
    };
    if (from === "target") {
      if (!targetRequests.has(name)) return refuse();
      noteExit(channel, name, rest);
      if (wantReply) replies.forwarded();
      return forward();
    }
    const request = channelRequest(name, rest);
    if (request) {
      if (isStart(request) && channel.running !== null) return refuse();
      return this.#judge(channel, request, wantReply ? replies.reserved() : null, forward);
    }
    const passes = name === "env" ? envPasses(new SshReader(rest).text(), this.#ports.env) : plainRequests.has(name);
    if (!passes) return refuse();
    noteTerminal(channel, name, rest);
    if (wantReply) replies.forwarded();
    forward();
  }

  #judge(
    channel: Channel,
    request: JudgedRequest,
    slot: ReturnType<ReplyQueue["reserved"]> | null,
    forward: () => void,
  ): void {
    channel.waiting = [];
    channel.waitingBytes = 0;
    let answered = false;
    const withdraw = this.#ports.judge(request, channel, (verdict) => {
      const late = answered || channel.left;
      answered = true;
      this.#held.delete(channel);
      if (late || !this.#channels.has(channel.id) || channel.closed.client) return;
      const waiting = channel.waiting ?? [];
      channel.waiting = null;
      if (verdict.outcome === "deny") this.#refuse(channel, request, verdict.text, slot);
      else {
        if (request.kind === "agent-forwarding") this.#invited.agent = true;
        if (request.kind === "x11-forwarding") this.#invited.x11 = true;
        if (isStart(request)) this.#start(channel, request);
        slot?.forwarded();
        forward();
      }
      for (const payload of waiting)
        if (this.#channels.has(channel.id) && !channel.left) this.receive("client", payload);
    });
    if (!answered) {
      const refuse = (text: string) => {
        this.#held.delete(channel);
        this.#refuse(channel, request, text, slot);
      };
      this.#held.set(channel, { withdraw, refuse });
    }
  }

  #start(channel: Channel, request: JudgedRequest): void {
    channel.running = { kind: request.kind, text: textOf(request) };
    channel.tap = this.#ports.tap(channel, (to, data, extended) => this.#inject(channel, to, data, extended));
  }

  /** A command that must not run ends as one that failed: its reason on standard error, exit status 126. */
  #refuse(
    channel: Channel,
    request: JudgedRequest,
    text: string,
    slot: ReturnType<ReplyQueue["reserved"]> | null,
  ): void {
    const number = channel.numbers.client!;
    const starts = isStart(request);
    slot?.answer(
      write(starts ? message.channelSuccess : message.channelFailure)
        .uint32(number)
        .end(),
    );
    this.#inject(channel, "client", Buffer.from(`hoop: ${text}\r\n`), 1);
    if (!starts) return;
    const status = write(message.channelRequest).uint32(number).string("exit-status").boolean(false).uint32(126).end();
    this.#ports.send("client", write(message.channelEof).uint32(number).end());
    this.#ports.send("client", status);
    this.#ports.send("client", write(message.channelClose).uint32(number).end());
    this.#ports.send("target", write(message.channelClose).uint32(channel.numbers.target!).end());
    this.#leave(channel);
  }

  /** We closed it towards both: what still comes is dropped until both have closed too. */
  #leave(channel: Channel): void {
    channel.left = true;
    channel.waiting = null;
  }
}

function packetSize(said: number): number {
  if (said < minPacket) throw new MalformedError(`packets of at most ${said} bytes`);
  return Math.min(said, maxData);
}

function listenRequest(name: string, reader: SshReader): JudgedRequest | null {
  if (name === "tcpip-forward") return { kind: "listen", host: reader.text(), port: reader.uint32() };
  if (name === "streamlocal-forward@openssh.com") return { kind: "listen-on-socket", path: reader.text() };
  return null;
}

/** Null: needs no rule; undefined: not carried. */
function openRequest(type: string, rest: Buffer): JudgedRequest | null | undefined {
  if (type === "session") return null;
  const reader = new SshReader(rest);
  if (type === "direct-tcpip") return { kind: "forward-to", host: reader.text(), port: reader.uint32() };
  if (type === "direct-streamlocal@openssh.com") return { kind: "forward-to-socket", path: reader.text() };
  return undefined;
}

function channelRequest(name: string, rest: Buffer): JudgedRequest | null {
  switch (name) {
    case "shell":
      return { kind: "shell" };
    case "exec":
      return { kind: "exec", command: new SshReader(rest).text() };
    case "subsystem":
      return { kind: "subsystem", name: new SshReader(rest).text() };
    case "auth-agent-req@openssh.com":
      return { kind: "agent-forwarding" };
    case "x11-req":
      return { kind: "x11-forwarding" };
    default:
      return null;
  }
}

function isStart({ kind }: JudgedRequest): boolean {
  return kind === "shell" || kind === "exec" || kind === "subsystem";
}

function textOf(request: JudgedRequest): string {
  return request.kind === "exec" ? request.command : request.kind === "subsystem" ? request.name : "";
}

function noteTerminal(channel: Channel, name: string, rest: Buffer): void {
  const reader = new SshReader(rest);
  if (name === "pty-req") {
    const term = reader.text().slice(0, 100);
    channel.pty = { term, columns: reader.uint32(), rows: reader.uint32() };
  } else if (name === "window-change" && channel.pty) {
    channel.pty.columns = reader.uint32();
    channel.pty.rows = reader.uint32();
    channel.tap?.resized?.(channel.pty.columns, channel.pty.rows);
  }
}

function noteExit(channel: Channel, name: string, rest: Buffer): void {
  if (name === "exit-status") channel.tap?.exited?.(new SshReader(rest).uint32(), null);
  else if (name === "exit-signal") channel.tap?.exited?.(null, new SshReader(rest).text().slice(0, 40));
}
