import { defaultMaxFrame, defaultWindow, errorCode, maxWindow, settingId } from "./constants.js";
import { Http2Error } from "./error.js";

const kilo = 1024;
const mega = 1024 * kilo;

/**
 * What both ends announce and hold the other one to. Windows decide throughput on a long path (64 KB are 1.8 MB/s at
 * 20 ms); a stream's window also bounds what a paused lane may hold, and how long a bulk lane delays the others.
 */
export const ownSettings = {
  initialWindowSize: 512 * kilo,
  maxFrameSize: mega,
  maxConcurrentStreams: 100_000,
  maxHeaderListSize: 16 * kilo,
  headerTableSize: 4 * kilo,
} as const;

/** All streams of a connection together, once its peer is more than a stranger; bounds what is under way. */
export const connectionWindow = 16 * mega;
/** A stream's window does not grow beyond this. */
export const maxStreamWindow = 16 * mega;

/** Limits that HTTP/2 has no setting for. */
export const limits = {
  /** Of a header block, coded; Huffman's code can make it about as long as the list. */
  maxHeaderBlock: 32 * kilo,
  maxHeaderFields: 64,
  maxContinuations: 16,
  maxControl: 16 * kilo,
  maxSettings: 32,
  /** Bytes for a socket that takes no more, before streams keep what they have to send. */
  maxBacklog: 256 * kilo,
  /** And before a peer that does not read what it asks us to say (answers to pings and settings, resets) is cut off. */
  maxUnread: mega,
  /** Bytes that were read and wait to be looked at. */
  maxUnhandled: 256 * kilo,
  /** The longest DATA frame that we send, whatever the peer takes. */
  maxDataFrame: 256 * kilo,
  /** Of one stream, when several have something to send. */
  quantum: 64 * kilo,
} as const;

/** The peer's word, which holds from the moment that it came. */
export class PeerSettings {
  headerTableSize: number = 4 * kilo;
  maxConcurrentStreams = Number.POSITIVE_INFINITY;
  initialWindowSize = defaultWindow;
  maxFrameSize = defaultMaxFrame;

  /** Takes a SETTINGS payload. Throws Http2Error. */
  update(payload: Buffer, peerIsServer: boolean): void {
    if (payload.length > limits.maxSettings * 6) {
      throw new Http2Error(errorCode.enhanceYourCalm, `${payload.length / 6} settings at once`);
    }
    for (let at = 0; at < payload.length; at += 6) {
      this.#set(payload.readUInt16BE(at), payload.readUInt32BE(at + 2), peerIsServer);
    }
  }

  #set(id: number, value: number, peerIsServer: boolean): void {
    switch (id) {
      case settingId.headerTableSize:
        this.headerTableSize = value;
        return;
      case settingId.enablePush:
        if (value > 1 || (value === 1 && peerIsServer)) throw wrong("ENABLE_PUSH", value);
        return;
      case settingId.maxConcurrentStreams:
        this.maxConcurrentStreams = value;
        return;
      case settingId.initialWindowSize:
        if (value > maxWindow) throw new Http2Error(errorCode.flowControlError, `a window of ${value} bytes`);
        this.initialWindowSize = value;
        return;
      case settingId.maxFrameSize:
        if (value < defaultMaxFrame || value > 0xffffff) throw wrong("MAX_FRAME_SIZE", value);
        this.maxFrameSize = value;
        return;
      // MAX_HEADER_LIST_SIZE is a hint, and our lists are short. Settings that nobody knows are to be ignored.
    }
  }
}

function wrong(name: string, value: number): Http2Error {
  return new Http2Error(errorCode.protocolError, `SETTINGS_${name} cannot be ${value}`);
}
