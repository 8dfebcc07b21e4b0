// What a request costs on its way: `node scripts/run.mjs bench/http/main [--rounds 5] [--seconds 5] [--big-mb 1024]`.
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { Figures } from "../figure.js";
import { startStack } from "../paths/hoop-stack.js";
import { freePort, start, stopAll } from "../peers/process.js";
import { program } from "../peers/program.js";
import { bigBody, type Reach } from "./big-body.js";
import { listening } from "./listening.js";
import { load } from "./load.js";

const { values } = parseArgs({
  options: {
    rounds: { type: "string", default: "5" },
    seconds: { type: "string", default: "4" },
    connections: { type: "string", default: "1,32" },
    // Of all connections together, for the time that a request takes where none waits in a row.
    "paced-per-second": { type: "string", default: "400" },
    "big-mb": { type: "string", default: "1024" },
  },
});

interface Way extends Reach {
  readonly name: string;
  /** The processes between client and target. */
  readonly pids: Readonly<Record<string, number>>;
}

const own = (file: string) => fileURLToPath(new URL(file, import.meta.url));

async function hops(target: number, count: number): Promise<{ port: number; pids: Record<string, number> }> {
  let to = target;
  const pids: Record<string, number> = {};
  for (let hop = 0; hop < count; hop++) {
    const port = await freePort();
    pids[`hop ${hop + 1}`] = start(process.execPath, [own("hop.js"), String(port), String(to)]).pid;
    await listening(port);
    to = port;
  }
  return { port: to, pids };
}

async function nginx(folder: string, target: number): Promise<{ port: number; pids: Record<string, number> } | null> {
  const found = program("nginx");
  if (found === null) return null;
  const port = await freePort();
  const file = join(folder, "nginx.conf");
  writeFileSync(
    file,
    `daemon off; worker_processes 1; pid ${folder}/nginx.pid; error_log stderr; user root;
events { worker_connections 512; }
http {
  access_log off; client_body_temp_path ${folder}; proxy_temp_path ${folder};
  fastcgi_temp_path ${folder}; uwsgi_temp_path ${folder}; scgi_temp_path ${folder};
  upstream site { server 127.0.0.1:${target}; keepalive 64; }
  server { listen 127.0.0.1:${port}; keepalive_requests 1000000000;
    location / { proxy_pass http://site; proxy_http_version 1.1; proxy_set_header Connection ""; proxy_set_header Host site; } }
}
`,
  );
  // The master; its one worker is not counted.
  start(found, ["-c", file]);
  await listening(port);
  return { port, pids: {} };
}

/** CPU time of a process since it began, microseconds. */
function cpu(pid: number): number {
  const text = readFileSync(`/proc/${pid}/stat`, "utf8");
  const fields = text.slice(text.lastIndexOf(")") + 2).split(" ");
  return (Number(fields[11]) + Number(fields[12])) * 10_000;
}

const folder = mkdtempSync(join(tmpdir(), "hoop-bench-http-"));
const stopping: (() => Promise<void>)[] = [];
try {
  const target = await freePort();
  start(process.execPath, [own("site.js"), String(target)]);
  await listening(target);
  const site = {
    name: "bench-site",
    port: target,
    say: ["--protocol", "http", "--target", 'auth={"kind":"none"}'],
  };
  const tls = await startStack([site], { agent: true, tls: true });
  stopping.push(() => tls.stop());
  const plain = await startStack([site], { agent: true, tls: false });
  stopping.push(() => plain.stop());
  const ways: Way[] = [{ name: "direct", host: "127.0.0.1", port: target, site: "site", pids: {} }];
  ways.push({
    ...{ name: "3 hops of node:http and undici", host: "127.0.0.1", site: "site" },
    ...(await hops(target, 3)),
  });
  const proxied = await nginx(folder, target);
  if (proxied !== null) ways.push({ name: "nginx, 1 hop", host: "127.0.0.1", site: "site", ...proxied });
  ways.push({ name: "hoop", ...tls.reach("bench-site"), site: "bench-site.hoop", pids: tls.pids });
  ways.push({ name: "hoop plain", ...plain.reach("bench-site"), site: "bench-site.hoop", pids: plain.pids });

  const figures = new Figures();
  const rounds = Number(values.rounds);
  const counts = values.connections.split(",").map(Number);
  const paced = Number(values["paced-per-second"]);
  // By requests and not by time: on a busy machine a compiler needs longer to see what is hot.
  for (const way of ways)
    for (let done = 0, tries = 0; done < 8_000 && tries < 10; tries++)
      done += 2 * (await load(way.host, way.port, way.site, 32, 2_000)).perSecond;
  for (let round = 0; round < rounds; round++)
    for (const count of counts)
      for (let turn = 0; turn < ways.length; turn++) {
        const way = ways[(turn + round) % ways.length]!;
        const ms = Number(values.seconds) * 1_000;
        const before = Object.entries(way.pids).map(([name, pid]) => ({ name, pid, cpu: cpu(pid) }));
        const { perSecond, p50, p99 } = await load(way.host, way.port, way.site, count, ms);
        const requests = (perSecond * ms) / 1_000;
        for (const { name, pid, cpu: was } of before)
          figures.add(`${count} cpu ${name}`, way.name, (cpu(pid) - was) / requests, "us");
        if (paced > 0) {
          const calm = await load(way.host, way.port, way.site, count, ms, (count * 1_000) / paced);
          figures.add(`${count} paced p50`, way.name, calm.p50, "ms");
          figures.add(`${count} paced p99`, way.name, calm.p99, "ms");
        }
        figures.add(`${count} connections`, way.name, perSecond, "/s");
        figures.add(`${count} p50`, way.name, p50, "ms");
        figures.add(`${count} p99`, way.name, p99, "ms");
      }
  const hop = "3 hops of node:http and undici";
  for (const count of counts) {
    console.log(
      `\n| ${count} connections | requests/s | by the 3 hops | p50 ms | p99 ms | p99 over direct | at ${paced}/s: p50 | p99 | p99 over direct | us CPU a request |\n|---|---|---|---|---|---|---|---|---|---|`,
    );
    for (const { name, pids } of ways) {
      const direct = figures.median(`${count} p99`, "direct")!;
      const p99 = figures.median(`${count} p99`, name)!;
      const calm = (part: string, of = name) => figures.median(`${count} paced ${part}`, of) ?? Number.NaN;
      const cpus = Object.keys(pids).map((pid) => `${pid} ${figures.median(`${count} cpu ${pid}`, name)!.toFixed(0)}`);
      console.log(
        `| ${name} | ${figures.median(`${count} connections`, name)!.toFixed(0)} | ${figures.ratio(`${count} connections`, name, hop)!.toFixed(2)} | ` +
          `${figures.median(`${count} p50`, name)!.toFixed(2)} | ${p99.toFixed(2)} | ${(p99 - direct).toFixed(2)} | ` +
          `${calm("p50").toFixed(2)} | ${calm("p99").toFixed(2)} | ${(calm("p99") - calm("p99", "direct")).toFixed(2)} | ${cpus.join(", ")} |`,
      );
    }
  }
  const megabytes = Number(values["big-mb"]);
  if (megabytes > 0) {
    console.log(`\n| ${megabytes} MB | MB/s | growth, MiB |\n|---|---|---|`);
    for (const method of ["GET", "PUT"] as const)
      for (const [name, stack] of [
        ["hoop", tls],
        ["hoop plain", plain],
      ] as const) {
        const way = ways.find((one) => one.name === name)!;
        const { perSecond, memory } = await bigBody(way, method, megabytes, stack.pids);
        const grown = memory.map(({ name, before, most }) => `${name} ${(most - before).toFixed(0)}`);
        console.log(`| ${name}, ${method} | ${perSecond.toFixed(0)} | ${grown.join(", ")} |`);
      }
  }
} finally {
  for (const stop of stopping.reverse()) await stop();
  await stopAll();
  rmSync(folder, { recursive: true, force: true });
}
