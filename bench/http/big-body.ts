import { readFileSync } from "node:fs";
import { request } from "node:http";

export interface Reach {
  readonly host: string;
  readonly port: number;
  /** What `Host` says. */
  readonly site: string;
}

/** Resident memory of one process, MiB. */
export interface Memory {
  readonly name: string;
  readonly before: number;
  readonly most: number;
  readonly after: number;
}

const rss = (pid: number) => Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1]) / 1_024;

/** One big body, all of which must arrive: MB/s, and the memory of each process before, while and after it passed. */
export async function bigBody(
  way: Reach,
  method: "GET" | "PUT",
  megabytes: number,
  pids: Readonly<Record<string, number>>,
): Promise<{ readonly perSecond: number; readonly memory: readonly Memory[] }> {
  const bytes = megabytes * 1_048_576;
  const before = Object.fromEntries(Object.entries(pids).map(([name, pid]) => [name, rss(pid)]));
  const most = { ...before };
  const look = setInterval(() => {
    for (const [name, pid] of Object.entries(pids)) most[name] = Math.max(most[name]!, rss(pid));
  }, 50);
  const began = performance.now();
  let seconds = 0;
  try {
    const passed = await (method === "GET" ? download(way, bytes) : upload(way, bytes));
    seconds = (performance.now() - began) / 1_000;
    if (passed !== bytes) throw new Error(`${passed} of ${bytes} bytes came through`);
  } finally {
    clearInterval(look);
  }
  return {
    perSecond: bytes / 1e6 / seconds,
    memory: Object.entries(pids).map(([name, pid]) => {
      const after = rss(pid);
      return { name, before: before[name]!, most: Math.max(most[name]!, after), after };
    }),
  };
}

function download({ host, port, site }: Reach, bytes: number): Promise<number> {
  return new Promise((resolve, reject) => {
    const options = { host, port, path: `/big?bytes=${bytes}`, headers: { host: site }, agent: false };
    const asked = request(options, (answer) => {
      let came = 0;
      answer.on("data", (chunk: Buffer) => {
        came += chunk.length;
      });
      answer.on("end", () => resolve(came));
      answer.on("error", reject);
    });
    asked.on("error", reject);
    asked.end();
  });
}

/** The site answers with how much it got. */
function upload({ host, port, site }: Reach, bytes: number): Promise<number> {
  return new Promise((resolve, reject) => {
    const headers = { host: site, "content-length": String(bytes) };
    const asked = request({ host, port, path: "/upload", method: "PUT", headers, agent: false }, (answer) => {
      let text = "";
      answer.on("data", (chunk: Buffer) => {
        text += chunk;
      });
      answer.on("end", () => resolve(Number(text)));
      answer.on("error", reject);
    });
    asked.on("error", reject);
    const piece = Buffer.alloc(256 * 1024, "hoop ");
    let left = bytes;
    const more = () => {
      while (left > 0) {
        left -= piece.length;
        if (!asked.write(piece) && left > 0) return void asked.once("drain", more);
      }
      asked.end();
    };
    more();
  });
}
