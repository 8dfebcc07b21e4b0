// What a request costs on its way: `node scripts/run.mjs bench/http/main [--rounds 5] [--seconds 5] [--big-mb 1024]`.
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
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
    "big-mb": { type: "string", default: "1024" },
  },
});

interface Way extends Reach {
  readonly name: string;
}

const own = (file: string) => fileURLToPath(new URL(file, import.meta.url));

async function hops(target: number, count: number): Promise<number> {
  let to = target;
  for (let hop = 0; hop < count; hop++) {
    const port = await freePort();
    start(process.execPath, [own("hop.js"), String(port), String(to)]);
    await listening(port);
    to = port;
  }
  return to;
}

async function nginx(folder: string, target: number): Promise<number | null> {
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
  start(found, ["-c", file]);
  await listening(port);
  return port;
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
  const ways: Way[] = [{ name: "direct", host: "127.0.0.1", port: target, site: "site" }];
  ways.push({ name: "3 hops of node:http and undici", host: "127.0.0.1", port: await hops(target, 3), site: "site" });
  const proxied = await nginx(folder, target);
  if (proxied !== null) ways.push({ name: "nginx, 1 hop", host: "127.0.0.1", port: proxied, site: "site" });
  ways.push({ name: "hoop", ...tls.reach("bench-site"), site: "bench-site.hoop" });
  ways.push({ name: "hoop plain", ...plain.reach("bench-site"), site: "bench-site.hoop" });

  const figures = new Figures();
  const rounds = Number(values.rounds);
  const counts = values.connections.split(",").map(Number);
  for (const way of ways) await load(way.host, way.port, way.site, 8, 2_000);
  for (let round = 0; round < rounds; round++)
    for (const count of counts)
      for (let turn = 0; turn < ways.length; turn++) {
        const way = ways[(turn + round) % ways.length]!;
        const { perSecond, p50, p99 } = await load(way.host, way.port, way.site, count, Number(values.seconds) * 1_000);
        figures.add(`${count} connections`, way.name, perSecond, "/s");
        figures.add(`${count} p50`, way.name, p50, "ms");
        figures.add(`${count} p99`, way.name, p99, "ms");
      }
  const hop = "3 hops of node:http and undici";
  for (const count of counts) {
    console.log(
      `\n| ${count} connections | requests/s | by the 3 hops | p50 ms | p99 ms | p99 over direct |\n|---|---|---|---|---|---|`,
    );
    for (const { name } of ways) {
      const direct = figures.median(`${count} p99`, "direct")!;
      const p99 = figures.median(`${count} p99`, name)!;
      console.log(
        `| ${name} | ${figures.median(`${count} connections`, name)!.toFixed(0)} | ${figures.ratio(`${count} connections`, name, hop)!.toFixed(2)} | ` +
          `${figures.median(`${count} p50`, name)!.toFixed(2)} | ${p99.toFixed(2)} | ${(p99 - direct).toFixed(2)} |`,
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
