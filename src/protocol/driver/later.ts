const waiting: (() => void)[] = [];
let running = false;
/** So many in one turn of the loop; between turns whatever else is ready goes ahead. */
const atOnce = 16;

/**
 * Does work that nobody waits for after what is at hand. When a thousand sessions end at once, each of their clients is told before the first target
 * is closed: a server that takes its session down is busy, and would have the others' clients wait.
 */
export function later(work: () => void): void {
  waiting.push(work);
  if (running) return;
  running = true;
  setImmediate(turn);
}

function turn(): void {
  try {
    for (const work of waiting.splice(0, atOnce)) work();
  } finally {
    running = waiting.length > 0;
    if (running) setImmediate(turn);
  }
}
