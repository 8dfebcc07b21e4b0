/** Something that collects what is written to it and sends it together. */
export interface Flushable {
  flush(): void;
}

let dirty: Flushable[] = [];
/** How the next flush was scheduled. */
let scheduled: "no" | "soon" | "at the end of the turn" = "no";
/** Whether bytes of a socket are being handled: more sockets may have some in this turn of the loop. */
let reading = 0;
/** Grows with each chunk that is read and each flush: what is written under one number belongs together. */
let count = 0;

/** Which piece of work this is; two writes under the same number come from the same chunk or the same callback. */
export function turnNumber(): number {
  return count;
}

/** Around the handling of a chunk that came from a socket. */
export function readBegins(): void {
  reading++;
  count++;
}

export function readEnds(): void {
  reading--;
}

/**
 * Has `flush` called once. What is written while sockets are read leaves at the end of the loop's turn, so that one write
 * carries what many lanes have; what is written at any other time leaves right after the callback that wrote it: the end
 * of the turn would be the end of the next one.
 */
export function flushSoon(one: Flushable): void {
  dirty.push(one);
  if (scheduled === "soon" || (reading > 0 && scheduled !== "no")) return;
  if (reading > 0) {
    scheduled = "at the end of the turn";
    setImmediate(flushWritten);
  } else {
    scheduled = "soon";
    process.nextTick(flushWritten);
  }
}

/** Sends what everything in this process has collected, now: who has a pile of work before him lets the next one begin. */
export function flushWritten(): void {
  scheduled = "no";
  count++;
  if (dirty.length === 0) return;
  const all = dirty;
  dirty = [];
  for (const one of all) one.flush();
}
