// `node scripts/run.mjs bench/micro/http`: requests a second over 32 kept connections, through a whole Hoop, through three bare
// proxies of node:http in processes of their own, and through nginx, in one run; and the memory of a big download and upload.
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { Agent, request } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { startHoop } from "../../test/support/hoop.js";
import { freePort, startPostgres } from "../../test/support/postgres.js";

const seconds = Number(process.argv[2] ?? 3);
const connections = 32;
const folder = mkdtempSync(join(tmpdir(), "hoop-bench-http-"));
const children: ChildProcess[] = [];

async function node(script: string, ...args: string[]): Promise<ChildProcess> {
  const child = spawn(process.execPath, ["-e", script, ...args], { stdio: ["ignore", "pipe", "inherit"] });
  children.push(child);
  await once(child.stdout!, "data");
  return child;
}

const site = `require("node:http").createServer((q, r) => {
  if (q.url.startsWith("/big")) { let left = Number(q.url.slice(5)); const c = Buffer.alloc(65536);
    const more = () => { while (left > 0) { left -= c.length; if (!r.write(c)) return r.once("drain", more); } r.end(); }; return more(); }
  q.resume(); q.once("end", () => r.end("x".repeat(1024))); }).listen(+process.argv[1], "127.0.0.1", () => console.log("up"))`;
const proxy = `const h = require("node:http"), a = new h.Agent({ keepAlive: true, maxSockets: 64 });
h.createServer((q, r) => { const s = h.request({ agent: a, port: +process.argv[2], host: "127.0.0.1", method: q.method, path: q.url, headers: q.headers },
  (p) => { r.writeHead(p.statusCode, p.rawHeaders); p.pipe(r); }); q.pipe(s); }).listen(+process.argv[1], "127.0.0.1", () => console.log("up"))`;

async function load(host: string, port: number, name: string): Promise<string> {
  const agent = new Agent({ keepAlive: true, maxSockets: connections });
  const times: number[] = [];
  const until = performance.now() + seconds * 1_000;
  const one = async () => {
    while (performance.now() < until) {
      const begun = performance.now();
      const sent = request({ agent, host, port, path: "/x", headers: { host: "web.hoop" } });
      sent.end();
      const [answer] = await once(sent, "response");
      answer.resume();
      await once(answer, "end");
      if (answer.statusCode !== 200) throw new Error(`${name}: ${answer.statusCode}`);
      times.push(performance.now() - begun);
    }
  };
  await Promise.all(Array.from({ length: connections }, one));
  agent.destroy();
  times.sort((a, b) => a - b);
  const at = (part: number) => times[Math.floor(times.length * part)]!.toFixed(1);
  return `${name}: ${Math.round(times.length / seconds)} requests/s, p50 ${at(0.5)} ms, p99 ${at(0.99)} ms`;
}

const memory = (pid: number) => Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, "utf8"))![1]) / 1024;

const postgres = await startPostgres({ version: 15, settings: {} });
const target = await freePort();
await node(site, String(target));
const hoop = await startHoop({ target: postgres, agentFlags: ["--allow", `127.0.0.1:${target}`] });
try {
  await hoop.hoop("admin", [
    ...["connections", "add", "web", "--protocol", "http", "--host", "127.0.0.1", "--port", String(target)],
    ...["--agent", "site"],
  ]);
  const hops = [target];
  for (let hop = 0; hop < 3; hop++) {
    const port = await freePort();
    await node(proxy, String(port), String(hops.at(-1)));
    hops.push(port);
  }
  const nginxPort = await freePort();
  const file = join(folder, "nginx.conf");
  writeFileSync(
    file,
    `daemon off; pid ${folder}/pid; error_log ${folder}/error; events {}
http { access_log off; upstream t { server 127.0.0.1:${target}; keepalive 32; }
server { listen 127.0.0.1:${nginxPort}; location / { proxy_pass http://t; proxy_http_version 1.1; proxy_set_header Connection ""; } } }`,
  );
  children.push(spawn("nginx", ["-c", file, "-p", folder], { stdio: "ignore" }));
  const place = await hoop.place("web");
  await load(place.host, place.port, "warm");
  for (const [name, host, port] of [
    ["direct", "127.0.0.1", target],
    ["nginx", "127.0.0.1", nginxPort],
    ["three bare hops", "127.0.0.1", hops.at(-1)!],
    ["hoop", place.host, place.port],
  ] as const)
    console.log(await load(host, port, name));
  const before = memory(hoop.gateway.pid);
  const size = 512 * 1024 * 1024;
  let highest = before;
  const timer = setInterval(() => {
    highest = Math.max(highest, memory(hoop.gateway.pid));
  }, 100);
  const begun = performance.now();
  const sent = request({ host: place.host, port: place.port, path: `/big/${size}`, headers: { host: "web.hoop" } });
  sent.end();
  const [answer] = await once(sent, "response");
  answer.resume();
  await once(answer, "end");
  clearInterval(timer);
  const took = (performance.now() - begun) / 1_000;
  console.log(
    `512 MB down: ${Math.round(512 / took)} MB/s; gateway ${Math.round(before)} MB before, ${Math.round(highest)} MB at most`,
  );
} finally {
  for (const child of children) child.kill();
  await hoop.stop();
  await postgres.stop();
  rmSync(folder, { recursive: true, force: true });
}
