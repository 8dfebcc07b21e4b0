import { createSocket, type Socket as UdpSocket } from "node:dgram";
import { once } from "node:events";
import { createServer, type Server, type Socket } from "node:net";
import type { DnsEnd } from "../names/names-mode.js";
import { answerCode, answerOurs, answerTruncated, type Question, readQuery } from "./answer-query.js";
import { type Forward, framed } from "./forward.js";

const maxForwards = 256;
const maxTcp = 64;
const tcpIdleMs = 10_000;
/** A question is at most a name, a type and some EDNS options; a longer one is not read. */
const maxQuery = 4_096;

/** Answers names of our zone over UDP and TCP, and passes others on where it was given a way to. */
export class DnsServer {
  names: ReadonlyMap<string, string> = new Map();
  /** Answers given and questions passed on, for `doctor`. */
  answered = 0;
  readonly end: DnsEnd;
  readonly #udp: UdpSocket;
  readonly #tcp: Server;
  readonly #clients = new Set<Socket>();
  readonly #forward: Forward | null;
  #forwards = 0;

  private constructor(end: DnsEnd, udp: UdpSocket, tcp: Server, forward: Forward | null) {
    this.end = end;
    this.#udp = udp;
    this.#tcp = tcp;
    this.#forward = forward;
    udp.on(
      "message",
      (query, from) => void this.#overUdp(query, (reply) => udp.send(reply, from.port, from.address, () => {})),
    );
    udp.on("error", () => {});
    tcp.on("connection", (socket) => this.#serve(socket));
    tcp.on("error", () => {});
  }

  /** Listens on both, or throws the system's error. Port 0 takes any that is free on both. */
  static async listen(end: DnsEnd, forward: Forward | null = null): Promise<DnsServer> {
    const udp = createSocket("udp4");
    const tcp = createServer();
    try {
      udp.bind({ address: end.address, port: end.port, exclusive: true });
      await once(udp, "listening");
      const { port } = udp.address();
      tcp.listen({ host: end.address, port, exclusive: true });
      await once(tcp, "listening");
      return new DnsServer({ address: end.address, port }, udp, tcp, forward);
    } catch (error) {
      udp.close();
      tcp.close();
      throw error;
    }
  }

  close(): void {
    this.#udp.close();
    this.#tcp.close();
    for (const client of this.#clients) client.destroy();
  }

  async #overUdp(query: Buffer, send: (reply: Buffer) => void): Promise<void> {
    const question = query.length <= maxQuery ? readQuery(query) : null;
    if (!question) return;
    const reply = await this.#reply(question, query, "udp");
    send(reply.length > question.udpLimit ? answerTruncated(question) : reply);
  }

  async #reply(question: Question, query: Buffer, over: "udp" | "tcp"): Promise<Buffer> {
    if (question.ours) {
      this.answered++;
      return answerOurs(question, this.names);
    }
    if (!this.#forward || this.#forwards >= maxForwards) return answerCode(question, 5);
    this.#forwards++;
    try {
      return (await this.#forward(query, over)) ?? answerCode(question, 2);
    } finally {
      this.#forwards--;
    }
  }

  #serve(socket: Socket): void {
    if (this.#clients.size >= maxTcp) return void socket.destroy();
    this.#clients.add(socket);
    let kept = Buffer.alloc(0);
    let busy = false;
    socket.setTimeout(tcpIdleMs, () => socket.destroy());
    socket.on("error", () => {});
    socket.on("close", () => this.#clients.delete(socket));
    // One question at a time: who asks faster than it reads is paused, not buffered for.
    const next = async () => {
      if (busy || socket.destroyed || kept.length < 2) return;
      const length = kept.readUInt16BE(0);
      if (length > maxQuery) return void socket.destroy();
      if (kept.length < 2 + length) return;
      const query = kept.subarray(2, 2 + length);
      kept = kept.subarray(2 + length);
      const question = readQuery(query);
      if (!question) return void socket.destroy();
      busy = true;
      socket.pause();
      const reply = await this.#reply(question, query, "tcp");
      busy = false;
      if (socket.destroyed) return;
      socket.write(framed(reply));
      socket.resume();
      await next();
    };
    socket.on("data", (chunk) => {
      kept = Buffer.concat([kept, chunk]);
      void next();
    });
  }
}
