interface Flushable {
  flush(): void;
}

let dirty: Flushable[] = [];
let scheduled = false;

/** Has `flush` called once, at the end of this turn of the loop, together with every other lane that wrote in it. */
export function flushSoon(lane: Flushable): void {
  dirty.push(lane);
  if (scheduled) return;
  scheduled = true;
  setImmediate(flushAll);
}

function flushAll(): void {
  scheduled = false;
  const lanes = dirty;
  dirty = [];
  for (const lane of lanes) lane.flush();
}
