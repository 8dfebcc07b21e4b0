import { createRequire } from "node:module";

/**
 * What is used of the library, by its files: its transport (identification, key exchange, ciphers, rekeying) and its parser of
 * keys. Its own session layer is not: it decodes channels into streams, while a gateway passes channel messages on as they are.
 * The version is pinned exactly; `transport.test.ts` fails when one of these names changes its meaning.
 */
const require = createRequire(import.meta.url);

/** The transport of one side. Names with a leading underscore are the library's own. */
export interface LibraryTransport {
  start?(): void;
  parse(chunk: Buffer, from: number, to: number): void;
  cleanup(): void;
  rekey(): void;
  _authenticated: boolean;
  _onPayload: (payload: Buffer) => unknown;
  readonly _kex?: {
    readonly sessionID: Buffer;
    readonly negotiated: { serverHostKey: string };
    _hostKey: Buffer | undefined;
  };
  readonly _packetRW: {
    readonly write: {
      readonly allocStart: number;
      alloc(length: number): Buffer;
      finalize(packet: Buffer): Buffer;
    };
  };
}

export interface ParsedKey {
  /** `ssh-ed25519`, `ssh-rsa`, … */
  readonly type: string;
  readonly comment: string;
  /** The public key as SSH writes it. */
  getPublicSSH(): Buffer;
  isPrivateKey(): boolean;
  /** The raw signature, or what was wrong. */
  sign(data: Buffer, algorithm?: string): Buffer | Error;
  verify(data: Buffer, signature: Buffer, algorithm?: string): boolean | Error;
}

export interface TransportConfig {
  readonly server: boolean;
  readonly ident: string;
  readonly hostKeys?: Readonly<Record<string, ParsedKey>>;
  readonly offer: object;
  readonly onWrite: (bytes: Buffer) => void;
  readonly onError: (error: Error) => void;
  readonly onHeader: (header: { readonly versions: { readonly software: string } }) => void;
  readonly onHandshakeComplete: () => void;
  readonly hostVerifier?: (key: Buffer, done: (permitted: boolean) => void) => undefined;
  readonly messageHandlers: Readonly<Record<string, unknown>>;
}

export const LibraryProtocol = require("ssh2/lib/protocol/Protocol.js") as new (
  config: TransportConfig,
) => LibraryTransport;

const utils = require("ssh2/lib/protocol/utils.js") as {
  sendPacket(transport: LibraryTransport, packet: Buffer): boolean;
  convertSignature(signature: Buffer, type: string): Buffer | false | undefined;
};
export const { sendPacket, convertSignature } = utils;

const constants = require("ssh2/lib/protocol/constants.js") as Record<
  "DEFAULT_KEX" | "DEFAULT_SERVER_HOST_KEY" | "DEFAULT_CIPHER" | "DEFAULT_MAC",
  readonly string[]
>;
export const defaults = constants;

const keys = require("ssh2/lib/protocol/keyParser.js") as {
  parseKey(text: string | Buffer, passphrase?: string): ParsedKey | ParsedKey[] | Error;
};

/** The first key of a file, OpenSSH's or PEM; an error that says what is wrong with it, never what is in it. */
export function parseKey(text: string | Buffer, passphrase?: string): ParsedKey | Error {
  const parsed = keys.parseKey(text, passphrase);
  return Array.isArray(parsed) ? (parsed[0] ?? new Error("no key in it")) : parsed;
}

/** Whether the compiled part of the library is there; without it bulk is three to five times slower. */
export function nativeCrypto(): boolean {
  try {
    require("ssh2/lib/protocol/crypto/build/Release/sshcrypto.node");
    return true;
  } catch {
    return false;
  }
}
