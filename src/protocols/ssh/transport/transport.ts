import type { Pipe, PipeAbort } from "../../../transport/pipe.js";
import { message } from "../wire.js";
import { continueWithKey } from "./certified-key.js";
import { certificateAlgorithms, isCertificate, readHostCertificate } from "./host-certificate.js";
import { joinSmall } from "./join-small.js";
import { defaults, LibraryProtocol, type LibraryTransport, type ParsedKey, sendPacket } from "./library.js";

export interface SshTransportEvents {
  /** Keys are agreed on for the first time; nothing of the layers above was sent before. */
  ready(): void;
  /** One message of authentication or of the connection layer, whole; the receiver owns the bytes. */
  payload(payload: Buffer): void;
  /** The pipe takes more again. */
  drain(): void;
  ended(): void;
  /** The last call. Null: the peer closed in order. */
  closed(why: PipeAbort | null): void;
}

export type SshRole =
  | { readonly kind: "server"; readonly hostKey: ParsedKey }
  | {
      readonly kind: "client";
      /** Judges the target's key: the wire form. Calls back once. */
      readonly verify: (key: Buffer, done: (permitted: boolean) => void) => void;
      /** Certificates are asked for before plain keys: `verify` knows authorities. */
      readonly certificates: boolean;
    };

/** What both sides offer: the library's modern defaults, without compression, which would only cost. */
function offerFor(role: SshRole) {
  const ciphers = defaults.DEFAULT_CIPHER;
  return {
    kex: [...defaults.DEFAULT_KEX],
    serverHostKey:
      role.kind === "server"
        ? hostKeyAlgorithms(role.hostKey.type)
        : [
            ...(role.certificates ? certificateAlgorithms : []),
            ...defaults.DEFAULT_SERVER_HOST_KEY.filter((name) => name !== "ssh-rsa"),
          ],
    cs: { cipher: ciphers, mac: defaults.DEFAULT_MAC, compress: ["none"], lang: [] },
    sc: { cipher: ciphers, mac: defaults.DEFAULT_MAC, compress: ["none"], lang: [] },
  };
}

function hostKeyAlgorithms(type: string): readonly string[] {
  return type === "ssh-rsa" ? ["rsa-sha2-512", "rsa-sha2-256"] : [type];
}

/** Rekeying is asked for after this many bytes one way (RFC 4253, section 9). */
const rekeyBytes = 1024 * 1024 * 1024;

/**
 * One side's SSH transport over a pipe: identification, key exchange, encryption and rekeying are the library's; what is inside
 * comes out and goes in as whole messages.
 */
export class SshTransport {
  /** What the peer calls itself, `OpenSSH_9.2p1`. */
  peer = "";
  readonly #pipe: Pipe;
  readonly #events: SshTransportEvents;
  readonly #library: LibraryTransport;
  /** Packets of this turn, which nobody writes into any more. */
  #out: Buffer[] = [];
  #scheduled = false;
  #over = false;
  #ready = false;
  #moved = 0;

  constructor(pipe: Pipe, role: SshRole, events: SshTransportEvents) {
    this.#pipe = pipe;
    this.#events = events;
    const offer = offerFor(role);
    this.#library = new LibraryProtocol({
      server: role.kind === "server",
      ident: "Hoop",
      ...(role.kind === "server"
        ? { hostKeys: Object.fromEntries(offer.serverHostKey.map((name) => [name, role.hostKey])) }
        : {
            hostVerifier: (key: Buffer, done: (permitted: boolean) => void) => {
              const blob = Buffer.from(key);
              // At once: the signature may be looked at before anybody has decided on the key.
              const certified = isCertificate(blob) ? readHostCertificate(blob) : null;
              if (certified) continueWithKey(this.#library._kex!, certified.key);
              // A library that has ended throws where it is told more.
              role.verify(blob, (permitted) => this.#over || done(permitted));
              return undefined;
            },
          }),
      offer,
      onWrite: (bytes) => this.#write(bytes),
      onError: (error) => this.abort({ code: "malformed", text: error.message }),
      onHeader: ({ versions }) => {
        this.peer = versions.software.slice(0, 100);
      },
      onHandshakeComplete: () => {
        if (this.#ready) return;
        this.#ready = true;
        this.#events.ready();
      },
      messageHandlers: {},
    });
    const own = this.#library._onPayload;
    this.#library._onPayload = (payload) => this.#payload(payload, own);
    pipe.start({
      data: (chunk) => this.#receive(chunk),
      end: () => events.ended(),
      drain: () => events.drain(),
      closed: (why) => {
        this.#end();
        events.closed(why);
      },
    });
    this.#library.start?.();
  }

  /** The hash that binds signatures to this very connection. */
  get sessionId(): Buffer {
    return this.#library._kex!.sessionID;
  }

  get buffered(): number {
    return this.#pipe.buffered;
  }

  /**
   * Sends a message; `data` is its end, where it has some, copied once: into the packet that is encrypted. False: the pipe is full;
   * wait for `drain`. Messages given during a key exchange wait inside.
   */
  send(payload: Uint8Array, data: Uint8Array = nothing): boolean {
    if (this.#over) return true;
    const { write } = this.#library._packetRW;
    const packet = write.alloc(payload.length + data.length);
    packet.set(payload, write.allocStart);
    if (data.length > 0) packet.set(data, write.allocStart + payload.length);
    sendPacket(this.#library, write.finalize(packet));
    return this.#pipe.buffered < highWater;
  }

  /** Both peers know each other: from here on rekeying may happen at any time. */
  authenticated(): void {
    this.#library._authenticated = true;
  }

  pause(): void {
    this.#pipe.pause();
  }

  resume(): void {
    this.#pipe.resume();
  }

  end(): void {
    this.#flush();
    this.#pipe.end();
  }

  abort(why: PipeAbort): void {
    if (this.#over) return;
    this.#flush();
    this.#end();
    this.#pipe.abort(why);
  }

  #payload(payload: Buffer, own: (payload: Buffer) => unknown): unknown {
    const type = payload[0];
    if (type !== undefined && (type === message.serviceRequest || type === message.serviceAccept || type >= 50)) {
      // Decrypted where it came in. A small one that somebody keeps must not keep the chunk around it.
      this.#events.payload(payload.length < worthAView ? Buffer.from(payload) : payload);
      return undefined;
    }
    return own(payload);
  }

  #receive(chunk: Buffer): void {
    if (this.#over) return;
    try {
      this.#library.parse(chunk, 0, chunk.length);
    } catch (error) {
      return this.abort({ code: "malformed", text: error instanceof Error ? error.message : "not SSH" });
    }
    this.#count(chunk.length);
  }

  #write(bytes: Buffer): void {
    if (this.#over) return;
    this.#out.push(bytes);
    this.#count(bytes.length);
    if (this.#scheduled) return;
    this.#scheduled = true;
    queueMicrotask(() => this.#flush());
  }

  #flush(): void {
    this.#scheduled = false;
    if (this.#out.length === 0 || this.#over) return;
    const packets = this.#out;
    this.#out = [];
    for (const bytes of joinSmall(packets)) this.#pipe.write(bytes);
  }

  #count(bytes: number): void {
    this.#moved += bytes;
    if (this.#moved < rekeyBytes || !this.#ready) return;
    this.#moved = 0;
    this.#library.rekey();
  }

  #end(): void {
    if (this.#over) return;
    this.#over = true;
    this.#out = [];
    // The library throws where it is used after its end.
    setImmediate(() => this.#library.cleanup());
  }
}

const highWater = 256 * 1024;
const nothing = new Uint8Array(0);
/** From here on a payload is looked at where it lies. */
const worthAView = 4 * 1024;
