import { MalformedError } from "../../../wire/index.js";
import { message, SshReader, write } from "../wire.js";
import { type Channel, type ChannelTap, type End, newChannel, otherEnd } from "./channel.js";
import { ChannelRequests } from "./channel-requests.js";
import { DataFlow } from "./data-flow.js";
import { maxChannels, maxReplies } from "./limits.js";
import { listenRequest, openRequest, packetSize } from "./read-request.js";
import { ReplyQueue } from "./reply-queue.js";
import type { JudgedRequest, RequestVerdict } from "./requests.js";

export interface BridgePorts {
  /** A message; `data` is its end, where it carries some. */
  send(to: End, payload: Buffer, data?: Buffer): void;
  /** Calls back once, perhaps hours later; `notice` may be called before, with a line for the person. */
  judge(request: JudgedRequest, channel: Channel | null, answer: (verdict: RequestVerdict) => void): Withdraw;
  /** Who looks at a channel's data once it runs; null: nobody. */
  tap(channel: Channel, ports: TapPorts): ChannelTap | null;
  readonly env: readonly string[];
}

/** What who looks at a channel may do to it. */
export interface TapPorts {
  /** Bytes of Hoop's own; `extended` 1: on standard error. */
  inject(to: End, data: Buffer, extended: number | null): void;
  /** On: the target gets no room for more on this channel. */
  brake(on: boolean): void;
  /** The client's end of file goes on now. */
  end(): void;
}

/** Nobody waits for the answer any more. */
export type Withdraw = () => void;

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
  readonly #flow: DataFlow;
  readonly #requests: ChannelRequests;
  readonly #opening = new Set<Withdraw>();
  /** What the client asked the target to open towards it; an agent and a screen as long as the channel that asked is open. */
  readonly #invited = { listens: 0, x11: new Set<Channel>(), agent: new Set<Channel>() };
  #next = 0;

  constructor(ports: BridgePorts) {
    this.#ports = ports;
    this.#replies = {
      client: new ReplyQueue((answer) => ports.send("client", answer)),
      target: new ReplyQueue((answer) => ports.send("target", answer)),
    };
    this.#flow = new DataFlow((to, payload, data) => ports.send(to, payload, data));
    this.#requests = new ChannelRequests({
      send: (to, payload) => ports.send(to, payload),
      judge: (request, channel, answer) => ports.judge(request, channel, answer),
      starts: (channel) => {
        channel.tap = ports.tap(channel, {
          inject: (to, data, extended) => this.#flow.inject(channel, to, data, extended),
          brake: (on) => this.#flow.brake(channel, on),
          end: () => this.#toPeer(channel, "target", message.channelEof),
        });
      },
      invites: (what, channel) => void this.#invited[what].add(channel),
      say: (channel, text) => this.#flow.inject(channel, "client", Buffer.from(text), 1),
      isOpen: (channel) => this.#channels.get(channel.id) === channel,
      again: (payload) => this.receive("client", payload),
      env: ports.env,
    });
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
      this.#flow.inject(channel, "client", Buffer.from(text), 1);
    }
  }

  close(): void {
    this.#requests.close();
    for (const withdraw of this.#opening) withdraw();
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
    const forward = () => {
      channel.told = true;
      this.#ports.send(
        otherEnd(from),
        write(message.channelOpen).string(type).uint32(channel.id).uint32(window).uint32(maxPacket).raw(rest).end(),
      );
    };
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
        return this.#invited.x11.size > 0;
      case "auth-agent@openssh.com":
      case "agent-connect":
        return this.#invited.agent.size > 0;
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
        if (channel.opener === from || channel.numbers[from] !== null || !channel.told)
          throw new MalformedError("an opening that nobody asked for");
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
        return this.#flow.adjust(channel, from, reader.uint32());
      case message.channelClose:
        return this.#close(channel, from);
      case message.channelSuccess:
      case message.channelFailure:
        return this.#requests.answered(channel, from, type);
    }
    if (channel.closed[from]) throw new MalformedError("a message after close");
    // What comes after a command that is held waits behind it.
    if (from === "client" && channel.waiting !== null) return this.#requests.wait(channel, payload);
    switch (type) {
      case message.channelData:
        return this.#flow.data(channel, from, reader.string(), null);
      case message.channelExtendedData: {
        const kind = reader.uint32();
        return this.#flow.data(channel, from, reader.string(), kind);
      }
      case message.channelEof:
        channel.ended[from] = true;
        if (from === "client" && channel.tap?.ended && !channel.tap.ended()) return;
        return this.#toPeer(channel, to, type);
      default:
        return this.#requests.receive(channel, from, reader);
    }
  }

  #toPeer(channel: Channel, to: End, type: number): void {
    const number = channel.numbers[to];
    if (number !== null && !channel.closed[otherEnd(to)]) this.#ports.send(to, write(type).uint32(number).end());
  }

  #close(channel: Channel, from: End): void {
    const to = otherEnd(from);
    if (channel.closed[from]) throw new MalformedError("closed twice");
    this.#requests.withdraw(channel);
    const number = channel.numbers[to];
    channel.closed[from] = true;
    if (number !== null) this.#ports.send(to, write(message.channelClose).uint32(number).end());
    if (channel.closed[to]) this.#forget(channel);
  }

  #forget(channel: Channel): void {
    this.#channels.delete(channel.id);
    this.#requests.forget(channel);
    this.#flow.forget(channel);
    this.#invited.x11.delete(channel);
    this.#invited.agent.delete(channel);
    channel.tap?.closed();
    channel.tap = null;
  }
}
