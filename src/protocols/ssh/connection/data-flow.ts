import { MalformedError } from "../../../wire/index.js";
import { message, write } from "../wire.js";
import { type Channel, type End, otherEnd } from "./channel.js";
import { maxData, maxOverflow } from "./limits.js";

/** What a target may send at once when its brake is let go. */
const roomAtOnce = 64 * 1024;

interface Waiting {
  data: Buffer;
  readonly extended: number | null;
}

/**
 * What goes through channels, by their windows (RFC 4254, section 5.2): room that one end gives is told to the other, so that flow
 * control is the two ends' own; what Hoop adds or takes away is made up for here.
 */
export class DataFlow {
  readonly #send: (to: End, payload: Buffer, data?: Buffer) => void;
  readonly #overflow = new Map<Channel, Record<End, Waiting[]>>();

  constructor(send: (to: End, payload: Buffer, data?: Buffer) => void) {
    this.#send = send;
  }

  forget(channel: Channel): void {
    this.#overflow.delete(channel);
  }

  /** An end takes so much more. */
  adjust(channel: Channel, from: End, bytes: number): void {
    channel.window[from] += bytes;
    if (channel.window[from] > 0xffffffff) throw new MalformedError("a window that is larger than windows are");
    this.#drain(channel, from);
    const own = Math.min(channel.owed[from], bytes);
    channel.owed[from] -= own;
    if (bytes > own) this.#giveRoom(channel, otherEnd(from), bytes - own);
    this.#lend(channel, otherEnd(from));
  }

  /** What an end said goes on, as its tap leaves it. */
  data(channel: Channel, from: End, data: Buffer, extended: number | null): void {
    const to = otherEnd(from);
    let passed: Buffer | null = data;
    if (channel.tap) passed = from === "client" ? channel.tap.fromClient(data) : channel.tap.fromTarget(data, extended);
    channel.kept[from] += data.length - (passed?.length ?? 0);
    if (channel.kept[from] < 0) {
      channel.owed[to] -= channel.kept[from];
      channel.kept[from] = 0;
    }
    if (passed !== null && passed.length > 0) this.#pass(channel, to, passed, extended);
    this.#lend(channel, from);
    // A client tells of room when it has taken much, which may be more than the piece that its target was given.
    if (from === "target" && !channel.braked) this.#tellRoom(channel, "target", this.#withheld(channel, data.length));
  }

  /** Bytes of Hoop's own for an end; its peer never hears of the room they take. */
  inject(channel: Channel, to: End, data: Buffer, extended: number | null): void {
    if (channel.numbers[to] === null || channel.numbers[otherEnd(to)] === null || channel.closed[otherEnd(to)]) return;
    channel.owed[to] += data.length;
    this.#pass(channel, to, data, extended);
  }

  /**
   * While it is on, the target is given no more room on this channel: what it shows cannot be written down as fast. Afterwards it gets
   * a piece at a time: all of a window at once would be a pile of work that everybody else's keys wait behind.
   */
  brake(channel: Channel, on: boolean): void {
    channel.braked = on;
    if (!on && !channel.closed.client && !channel.closed.target && !channel.left)
      this.#tellRoom(channel, "target", this.#withheld(channel, roomAtOnce));
  }

  /** Of the room that was held back, so much at most. */
  #withheld(channel: Channel, most: number): number {
    const bytes = Math.min(channel.withheld, most);
    channel.withheld -= bytes;
    return bytes;
  }

  /**
   * A tap that waits for the rest of a packet must get it, however small the window is; while its peer takes nothing, and what it passed
   * on waits here, it must not, or the sender would never stop.
   */
  #lend(channel: Channel, from: End): void {
    const to = otherEnd(from);
    const kept = channel.kept[from];
    if (kept === 0 || (this.#overflow.get(channel)?.[to].length ?? 0) > 0) return;
    if (channel.window[to] + channel.owed[to] - kept >= maxData) return;
    channel.kept[from] = 0;
    this.#giveRoom(channel, from, kept);
  }

  #giveRoom(channel: Channel, to: End, bytes: number): void {
    if (to === "target" && channel.braked) {
      channel.withheld += bytes;
      return;
    }
    // Who is not braked any more comes back to the whole window by and by.
    this.#tellRoom(channel, to, to === "target" ? bytes + this.#withheld(channel, bytes) : bytes);
  }

  #tellRoom(channel: Channel, to: End, bytes: number): void {
    const number = channel.numbers[to];
    if (number !== null && bytes > 0)
      this.#send(to, write(message.channelWindowAdjust).uint32(number).uint32(bytes).end());
  }

  #pass(channel: Channel, to: End, data: Buffer, extended: number | null): void {
    const waiting = this.#overflow.get(channel)?.[to];
    let at = 0;
    while ((!waiting || waiting.length === 0) && at < data.length && channel.window[to] > 0) {
      const length = Math.min(data.length - at, channel.window[to], channel.maxPacket[to]);
      this.#part(channel, to, data.subarray(at, at + length), extended);
      at += length;
    }
    if (at < data.length) this.#keep(channel, to, { data: data.subarray(at), extended });
  }

  #keep(channel: Channel, to: End, one: Waiting): void {
    let queues = this.#overflow.get(channel);
    if (!queues) {
      queues = { client: [], target: [] };
      this.#overflow.set(channel, queues);
    }
    queues[to].push(one);
    let bytes = 0;
    for (const { data } of queues[to]) bytes += data.length;
    // A peer that keeps to its window leaves no more than what was added to it.
    if (bytes > Math.min(channel.owed[to] + maxData, maxOverflow))
      throw new MalformedError("more data than the window has room for");
  }

  #drain(channel: Channel, to: End): void {
    const queue = this.#overflow.get(channel)?.[to];
    while (queue && queue.length > 0 && channel.window[to] > 0) {
      const first = queue[0]!;
      const length = Math.min(first.data.length, channel.window[to], channel.maxPacket[to]);
      this.#part(channel, to, first.data.subarray(0, length), first.extended);
      if (length === first.data.length) queue.shift();
      else queue[0] = { data: first.data.subarray(length), extended: first.extended };
    }
  }

  #part(channel: Channel, to: End, data: Buffer, extended: number | null): void {
    channel.window[to] -= data.length;
    const head = write(extended === null ? message.channelData : message.channelExtendedData).uint32(
      channel.numbers[to]!,
    );
    if (extended !== null) head.uint32(extended);
    this.#send(to, head.uint32(data.length).end(), data);
  }
}
