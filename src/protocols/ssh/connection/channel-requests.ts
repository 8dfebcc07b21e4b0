import { MalformedError } from "../../../wire/index.js";
import { message, SshReader, type SshWriter, write } from "../wire.js";
import { type Channel, type End, otherEnd } from "./channel.js";
import { maxReplies, maxWaiting } from "./limits.js";
import { channelRequest, isStart, noteExit, noteTerminal, textOf } from "./read-request.js";
import { ReplyQueue } from "./reply-queue.js";
import { envPasses, type JudgedRequest, plainRequests, type RequestVerdict, targetRequests } from "./requests.js";

export interface RequestPorts {
  send(to: End, payload: Buffer): void;
  judge(request: JudgedRequest, channel: Channel, answer: (verdict: RequestVerdict) => void): () => void;
  /** It is allowed, and about to run. */
  starts(channel: Channel): void;
  /** What the client asked the target to open towards it. */
  invites(what: "agent" | "x11", channel: Channel): void;
  /** Bytes of Hoop's own on the channel's standard error. */
  say(channel: Channel, text: string): void;
  /** Whether the channel is still there. */
  isOpen(channel: Channel): boolean;
  /** What waited behind an answer comes again. */
  again(payload: Buffer): void;
  readonly env: readonly string[];
}

type Slot = ReturnType<ReplyQueue["reserved"]> | null;

/** Requests on channels (RFC 4254, section 6): what rules decide waits for their word, with all that the client sends behind it. */
export class ChannelRequests {
  readonly #ports: RequestPorts;
  readonly #replies = new Map<Channel, Record<End, ReplyQueue>>();
  readonly #held = new Map<Channel, { readonly withdraw: () => void; readonly refuse: (text: string) => void }>();

  constructor(ports: RequestPorts) {
    this.#ports = ports;
  }

  receive(channel: Channel, from: End, reader: SshReader): void {
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
    // A terminal belongs to what runs on it: one that comes later would be none that is recorded.
    if (!passes || (name === "pty-req" && channel.running !== null)) return refuse();
    noteTerminal(channel, name, rest);
    if (wantReply) replies.forwarded();
    forward();
  }

  /** An end answered a request. */
  answered(channel: Channel, from: End, type: number): void {
    const to = otherEnd(from);
    if (!this.#repliesOf(channel)[to].came(write(type).uint32(channel.numbers[to]!).end()))
      throw new MalformedError("an answer to nothing");
  }

  /** A message of the client behind a request that is still judged. */
  wait(channel: Channel, payload: Buffer): void {
    const held = this.#held.get(channel);
    if (held && channel.pty && payload[0] === message.channelData && payload.subarray(9).includes(3)) {
      held.withdraw();
      return held.refuse("withdrawn by you (Ctrl-C)");
    }
    channel.waitingBytes += payload.length;
    if (channel.waitingBytes > maxWaiting) throw new MalformedError("too much was sent to a command that is held");
    channel.waiting!.push(payload);
  }

  /** Nobody waits for the channel's answer any more. */
  withdraw(channel: Channel): void {
    this.#held.get(channel)?.withdraw();
    this.#held.delete(channel);
    channel.waiting = null;
  }

  forget(channel: Channel): void {
    this.#replies.delete(channel);
  }

  close(): void {
    for (const { withdraw } of this.#held.values()) withdraw();
    this.#held.clear();
  }

  #repliesOf(channel: Channel): Record<End, ReplyQueue> {
    let queues = this.#replies.get(channel);
    if (!queues) {
      queues = {
        client: new ReplyQueue((answer) => this.#ports.send("client", answer)),
        target: new ReplyQueue((answer) => this.#ports.send("target", answer)),
      };
      this.#replies.set(channel, queues);
    }
    return queues;
  }

  #judge(channel: Channel, request: JudgedRequest, slot: Slot, forward: () => void): void {
    channel.waiting = [];
    channel.waitingBytes = 0;
    let answered = false;
    const withdraw = this.#ports.judge(request, channel, (verdict) => {
      const late = answered || channel.left;
      answered = true;
      this.#held.delete(channel);
      if (late || !this.#ports.isOpen(channel) || channel.closed.client) return;
      const waiting = channel.waiting ?? [];
      channel.waiting = null;
      if (verdict.outcome === "deny") this.#refuse(channel, request, verdict.text, slot);
      else {
        if (request.kind === "agent-forwarding") this.#ports.invites("agent", channel);
        if (request.kind === "x11-forwarding") this.#ports.invites("x11", channel);
        if (isStart(request)) {
          channel.running = { kind: request.kind, text: textOf(request) };
          this.#ports.starts(channel);
        }
        slot?.forwarded();
        forward();
      }
      for (const payload of waiting) if (this.#ports.isOpen(channel) && !channel.left) this.#ports.again(payload);
    });
    if (answered) return;
    const refuse = (text: string) => {
      // Its answer may be on its way already: nobody waits for it.
      answered = true;
      this.#held.delete(channel);
      this.#refuse(channel, request, text, slot);
    };
    this.#held.set(channel, { withdraw, refuse });
  }

  /** A command that must not run ends as one that failed: its reason on standard error, exit status 126. */
  #refuse(channel: Channel, request: JudgedRequest, text: string, slot: Slot): void {
    const starts = isStart(request);
    const to = (end: End, made: SshWriter) => this.#ports.send(end, made.end());
    const number = channel.numbers.client!;
    slot?.answer(
      write(starts ? message.channelSuccess : message.channelFailure)
        .uint32(number)
        .end(),
    );
    this.#ports.say(channel, `hoop: ${text}\r\n`);
    if (!starts) return;
    to("client", write(message.channelEof).uint32(number));
    to("client", write(message.channelRequest).uint32(number).string("exit-status").boolean(false).uint32(126));
    to("client", write(message.channelClose).uint32(number));
    to("target", write(message.channelClose).uint32(channel.numbers.target!));
    // We closed it towards both: what still comes is dropped until both have closed too.
    channel.left = true;
    channel.waiting = null;
  }
}
