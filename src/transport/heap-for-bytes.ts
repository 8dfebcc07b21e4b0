import { setFlagsFromString } from "node:v8";

/** How far the heap, with all buffers that it knows of, may grow between two full collections, in percent of what lives. */
const growPercent = 300;
/** The engine's own word for it, which it reads at each collection. */
export const heapFlag = `--heap-growing-percent=${growPercent}`;

/**
 * For a process that carries bytes and keeps little. Every chunk that passes is a buffer that counts towards the next full
 * collection, and that comes the earlier the less lives in the heap: an agent, with 14 MB, marked all of it every 10 MB that passed,
 * which was more than all its other work. With this it does so every 40 MB. Not for the gateway, where that share of what lives is
 * several hundred megabytes.
 */
export function leaveHeapRoomForBytes(): void {
  setFlagsFromString(heapFlag);
}
