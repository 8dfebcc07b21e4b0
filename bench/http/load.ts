import { connect } from "node:net";

export interface Load {
  readonly perSecond: number;
  /** Milliseconds a request. */
  readonly p50: number;
  readonly p99: number;
}

/**
 * Keep-alive connections that ask, read the whole answer and ask again, for `ms`. Fails when an answer is not 200. With `everyMs` each
 * asks once in so long, and no sooner than it has its answer: without, what a request takes says how many wait in a row.
 */
export async function load(
  host: string,
  port: number,
  name: string,
  connections: number,
  ms: number,
  everyMs = 0,
): Promise<Load> {
  const ask = Buffer.from(
    `GET /api/things?page=1 HTTP/1.1\r\nHost: ${name}\r\nAccept: */*\r\nUser-Agent: bench/1\r\n\r\n`,
  );
  const taken: number[] = [];
  const until = performance.now() + ms;
  const began = performance.now();
  await Promise.all(
    Array.from({ length: connections }, (_, at) =>
      one(host, port, ask, until, taken, { every: everyMs, first: (everyMs * at) / connections }),
    ),
  );
  const seconds = (performance.now() - began) / 1_000;
  taken.sort((a, b) => a - b);
  const at = (part: number) => taken[Math.min(taken.length - 1, Math.floor(taken.length * part))] ?? Number.NaN;
  return { perSecond: taken.length / seconds, p50: at(0.5), p99: at(0.99) };
}

function one(
  host: string,
  port: number,
  ask: Buffer,
  until: number,
  taken: number[],
  pace: { readonly every: number; readonly first: number },
): Promise<void> {
  return new Promise((resolve, reject) => {
    const socket = connect({ host, port, noDelay: true });
    let since = 0;
    /** When it is its turn to ask. */
    let due = performance.now() + pace.first;
    let head = "";
    let left = -1;
    const next = () => {
      const now = performance.now();
      if (now >= until) return void socket.end();
      if (pace.every > 0 && due - now >= 1) return void setTimeout(next, due - now);
      due = Math.max(due + pace.every, now);
      [head, left, since] = ["", -1, now];
      socket.write(ask);
    };
    socket.on("connect", next);
    socket.on("data", (chunk) => {
      if (left < 0) {
        head += chunk.toString("latin1");
        const end = head.indexOf("\r\n\r\n");
        if (end < 0) return;
        const length = Number(/\r\ncontent-length: *(\d+)/i.exec(head)?.[1]);
        if (!head.startsWith("HTTP/1.1 200") || Number.isNaN(length))
          return void socket.destroy(new Error(`an answer that cannot be measured: ${head.slice(0, 300)}`));
        left = length - (head.length - end - 4);
      } else left -= chunk.length;
      if (left > 0) return;
      taken.push(performance.now() - since);
      next();
    });
    socket.on("error", reject);
    socket.on("close", () => resolve());
  });
}
