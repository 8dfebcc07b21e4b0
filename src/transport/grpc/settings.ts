import type { Settings } from "node:http2";

/**
 * What both ends announce. Windows decide throughput on a long path (64 KB are 1.8 MB/s at 20 ms); the stream's window
 * also bounds what a paused lane may hold, and how long a bulk lane delays the others.
 */
export const h2Settings: Settings = {
  enablePush: false,
  initialWindowSize: 1024 * 1024,
  maxFrameSize: 1024 * 1024,
  maxConcurrentStreams: 100_000,
  maxHeaderListSize: 16 * 1024,
};

/** Shared by all lanes of a connection; bounds what may be under way, not what one lane may hold. */
export const connectionWindow = 16 * 1024 * 1024;

/** Limits of Node's own: megabytes that a session may hold, header pairs, invalid frames. */
export const h2Limits = {
  maxSessionMemory: 1024,
  maxHeaderListPairs: 64,
  maxOutstandingPings: 4,
  maxSettings: 32,
} as const;
