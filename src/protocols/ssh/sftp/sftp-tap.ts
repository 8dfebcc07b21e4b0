import { MalformedError } from "../../../wire/index.js";
import type { ChannelTap, End } from "../connection/channel.js";
import { SshReader } from "../wire.js";
import { type Operation, operationOf } from "./operation.js";
import { denied, PacketCutter, sftp } from "./packets.js";
import { Transfer } from "./transfer.js";

export interface SftpPorts {
  /** Calls back once, perhaps hours later, unless it is withdrawn. */
  judge(
    operation: Operation,
    bytes: number,
    answer: (word: { readonly denied: string } | { readonly ask: number }) => void,
  ): () => void;
  finished(ask: number, outcome: "ok" | "error" | "unknown", bytes: number, tag: string): void;
  inject(to: End, data: Buffer): void;
  /** Nothing waits any more. */
  idle(): void;
  closed(): void;
}

interface Pending {
  readonly type: number;
  /** What was allowed for it. */
  readonly ask: number | null;
  readonly path: string;
  readonly transfer: Transfer | null;
  readonly offset: bigint;
}

/** Clients keep some dozens of requests open. */
const maxPending = 4_096;
const maxHeld = 64;
const maxHandles = 1_024;

/**
 * Reads SFTP in both directions, whole packets at a time. What rules decide waits for their word while other requests go on; a
 * denial is an answer like any other.
 */
export class SftpTap implements ChannelTap {
  readonly #ports: SftpPorts;
  readonly #client = new PacketCutter();
  readonly #target = new PacketCutter();
  readonly #pending = new Map<number, Pending>();
  readonly #held = new Map<number, () => void>();
  readonly #handles = new Map<string, Transfer>();
  #started = false;

  constructor(ports: SftpPorts) {
    this.#ports = ports;
  }

  fromClient(data: Buffer): Buffer | null {
    const passes: Buffer[] = [];
    for (const packet of this.#client.push(data)) if (this.#request(packet)) passes.push(packet);
    return joined(passes);
  }

  fromTarget(data: Buffer, extended: number | null): Buffer | null {
    // What the server says on its standard error is no packet.
    if (extended !== null) return data;
    const passes: Buffer[] = [];
    for (const packet of this.#target.push(data)) {
      this.#reply(packet);
      passes.push(packet);
    }
    return joined(passes);
  }

  ended(): boolean {
    return this.#held.size === 0;
  }

  closed(): void {
    for (const withdraw of this.#held.values()) withdraw();
    this.#held.clear();
    for (const transfer of this.#handles.values())
      this.#ports.finished(transfer.ask, "unknown", transfer.bytes, `not closed; ${transfer.summary()}`);
    for (const { ask } of this.#pending.values())
      if (ask !== null) this.#ports.finished(ask, "unknown", 0, "no answer");
    this.#handles.clear();
    this.#pending.clear();
    this.#ports.closed();
  }

  /** Whether it goes on now. */
  #request(packet: Buffer): boolean {
    const reader = new SshReader(packet, 4);
    const type = reader.uint8();
    if (type === sftp.init) {
      if (this.#started) throw new MalformedError("SFTP begins once");
      this.#started = true;
      return true;
    }
    if (!this.#started) throw new MalformedError("an SFTP request before its beginning");
    const id = reader.uint32();
    if (this.#pending.has(id) || this.#held.has(id)) throw new MalformedError("an SFTP request's number is used twice");
    if (this.#pending.size >= maxPending) throw new MalformedError("too many SFTP requests without an answer");
    const rest = reader.at;
    const operation = operationOf(type, reader, (handle) => this.#handles.get(handle)?.path ?? "\0");
    if (operation !== null) {
      this.#judge(id, type, operation, packet);
      return false;
    }
    this.#follow(id, type, new SshReader(packet, rest));
    return true;
  }

  #judge(id: number, type: number, operation: Operation, packet: Buffer): void {
    if (this.#held.size >= maxHeld) {
      this.#ports.inject("client", denied(id, `hoop: ${maxHeld} requests wait already`));
      return;
    }
    // A copy: it may wait for hours, and the chunk around it is large.
    const kept = Buffer.from(packet);
    let answered = false;
    const withdraw = this.#ports.judge(operation, packet.length, (word) => {
      answered = true;
      const waited = this.#held.delete(id);
      if ("denied" in word) this.#ports.inject("client", denied(id, `hoop: ${word.denied}`));
      else {
        const path = operation.paths[0]?.path ?? "";
        this.#pending.set(id, { type, ask: word.ask, path, transfer: null, offset: 0n });
        this.#ports.inject("target", kept);
      }
      if (waited && this.#held.size === 0) this.#ports.idle();
    });
    if (!answered) this.#held.set(id, withdraw);
  }

  /** A request that needs no word: on what is open already. */
  #follow(id: number, type: number, reader: SshReader): void {
    let transfer: Transfer | null = null;
    let offset = 0n;
    if (type === sftp.read || type === sftp.write || type === sftp.close) {
      const handle = reader.string().toString("latin1");
      transfer = this.#handles.get(handle) ?? null;
      if (type === sftp.close) this.#handles.delete(handle);
      else offset = reader.bytes(8).readBigUInt64BE();
      if (type === sftp.write) transfer?.wrote(offset, reader.string());
    }
    this.#pending.set(id, { type, ask: null, path: "", transfer, offset });
  }

  #reply(packet: Buffer): void {
    const reader = new SshReader(packet, 4);
    const type = reader.uint8();
    if (type === sftp.version) return;
    const id = reader.uint32();
    const pending = this.#pending.get(id);
    if (!pending) throw new MalformedError("an SFTP answer to nothing");
    this.#pending.delete(id);
    const { ask, transfer } = pending;
    if (type === sftp.data) return transfer?.read(pending.offset, reader.string());
    if (type === sftp.handle && ask !== null) {
      if (this.#handles.size >= maxHandles) throw new MalformedError("too many open files");
      this.#handles.set(reader.string().toString("latin1"), new Transfer(ask, pending.path));
      return;
    }
    const code = type === sftp.status ? reader.uint32() : 0;
    const outcome = code === 0 ? "ok" : "error";
    if (pending.type === sftp.close && transfer)
      this.#ports.finished(transfer.ask, outcome, transfer.bytes, transfer.summary());
    else if (ask !== null) this.#ports.finished(ask, outcome, 0, type === sftp.status ? `status ${code}` : "ok");
  }
}

function joined(packets: readonly Buffer[]): Buffer | null {
  if (packets.length === 0) return null;
  return packets.length === 1 ? packets[0]! : Buffer.concat(packets);
}
