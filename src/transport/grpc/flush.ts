interface Flushable {
  flush(): void;
}

let dirty: Flushable[] = [];
let scheduled = false;

/**
 * Has `flush` called once, after the callback that is running now, together with every other lane that it wrote to. Not
 * later: HTTP/2 itself collects what all streams have at the end of the loop's turn, and a flush from there would wait for
 * the end of the next one.
 */
export function flushSoon(lane: Flushable): void {
  dirty.push(lane);
  if (scheduled) return;
  scheduled = true;
  process.nextTick(flushAll);
}

function flushAll(): void {
  scheduled = false;
  const lanes = dirty;
  dirty = [];
  for (const lane of lanes) lane.flush();
}
