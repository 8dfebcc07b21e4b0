// `node scripts/run.mjs bench/micro/ssh [rounds] [megabytes] [big-megabytes]`: SSH through a whole Hoop beside `ssh -J` through a jump
// host, in one run: bulk both ways, time to connect, memory of a big transfer, and the keystroke echo of fifty sessions, alone and beside
// a stalled reader, a flood and a held command.
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import ssh2, { type ClientChannel } from "ssh2";
import { nativeCrypto } from "../../src/protocols/ssh/index.js";
import { type Sshd, startSshd } from "../../test/ssh/sshd.js";
import { allowAll, type RunningHoop, startHoop } from "../../test/support/hoop.js";
import { median, percentile } from "../figure.js";
import { table } from "../report.js";

const rounds = Number(process.argv[2] ?? 5);
const megabytes = Number(process.argv[3] ?? 100);
const bigMegabytes = Number(process.argv[4] ?? 1_024);
const sessions = 50;
const echoSeconds = 6;

const policy = `${allowAll}---
apiVersion: hoop/v1
kind: guard
metadata: { name: held }
spec:
  where: { protocol: ssh }
  when: { attributes: { command: "sleep 4321" } }
  action: hold
  hold: { approvals: { groups: admins } }
`;

const children = new Set<ChildProcess>();
const quiet = [
  "-F",
  "none",
  "-o",
  "StrictHostKeyChecking=no",
  "-o",
  "UserKnownHostsFile=/dev/null",
  "-o",
  "LogLevel=ERROR",
];
const noKeys = ["-o", "IdentityAgent=none", "-o", "IdentityFile=none", "-o", "Compression=no"];

/** Ways to the same target. */
interface Way {
  readonly name: string;
  readonly args: readonly string[];
}

async function seconds(way: Way, command: string, megabytesIn = 0): Promise<number> {
  const began = performance.now();
  const line = megabytesIn > 0 ? `head -c ${megabytesIn}000000 /dev/zero | ssh "$@"` : `ssh "$@" > /dev/null`;
  const child = spawn("sh", ["-c", line, "sh", ...way.args, command], { stdio: ["ignore", "ignore", "inherit"] });
  children.add(child);
  const [code] = (await once(child, "close")) as [number];
  children.delete(child);
  if (code !== 0) throw new Error(`${way.name}: ${command} ended with ${code}`);
  return (performance.now() - began) / 1_000;
}

/** Processor time of a process so far, in milliseconds: what else the machine does adds less to it than to a clock. */
function processor(pid: number): number {
  const fields = readFileSync(`/proc/${pid}/stat`, "utf8").split(") ")[1]!.split(" ");
  return (Number(fields[11]) + Number(fields[12])) * 10;
}

const processesOf = (hoop: RunningHoop) => ({
  gateway: hoop.gateway.pid,
  agent: hoop.agent!.pid,
  tunnel: hoop.tunnel.pid,
});

const resident = (pid: number) =>
  Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, "utf8"))![1]) / 1_024;

async function shellBy(port: number, host: string): Promise<{ client: ssh2.Client; stream: ClientChannel }> {
  const client = new ssh2.Client();
  client.connect({
    host,
    port,
    username: "ada",
    authHandler: ["none"],
    hostVerifier: () => true,
    readyTimeout: 60_000,
  });
  await once(client, "ready");
  const stream = await new Promise<ClientChannel>((resolve, reject) =>
    client.exec("cat", { pty: true }, (error, made) => (error ? reject(error) : resolve(made))),
  );
  return { client, stream };
}

/** Milliseconds from a keystroke to its echo, of all sessions together. */
async function echoes(shells: readonly { readonly stream: ClientChannel }[]): Promise<readonly number[]> {
  const taken: number[] = [];
  const until = performance.now() + echoSeconds * 1_000;
  await Promise.all(
    shells.map(async ({ stream }, at) => {
      await sleep(at * 7);
      while (performance.now() < until) {
        const began = performance.now();
        const echo = once(stream, "data");
        stream.write("x");
        await echo;
        taken.push(performance.now() - began);
        await sleep(100);
      }
    }),
  );
  return taken;
}

async function lanes(host: string, port: number): Promise<string> {
  const shells = [];
  for (let n = 0; n < sessions; n++) shells.push(await shellBy(port, host));
  const disturb: ChildProcess[] = [];
  const ssh = (...args: string[]) => {
    const child = spawn("ssh", [...quiet, ...noKeys, "-p", String(port), ...args], {
      stdio: ["pipe", "pipe", "ignore"],
    });
    children.add(child);
    disturb.push(child);
    return child;
  };
  const rows: string[][] = [["fifty sessions", "p50 ms", "p99 ms"]];
  const ratios: number[] = [];
  for (let round = 0; round < 3; round++) {
    const alone = await echoes(shells);
    // Nobody reads the first one's output; the flood's is read and thrown away; the held one waits.
    ssh("-tt", host, "yes stalled").stdout!.pause();
    ssh("-tt", host, "yes").stdout!.resume();
    ssh(host, "sleep 4321");
    await sleep(1_500);
    const beside = await echoes(shells);
    for (const child of disturb.splice(0)) child.kill("SIGKILL");
    await sleep(500);
    const [one, two] = [percentile([...alone], 0.99), percentile([...beside], 0.99)];
    ratios.push(two / one);
    rows.push([`round ${round + 1}, alone`, percentile([...alone], 0.5).toFixed(1), one.toFixed(1)]);
    rows.push([`round ${round + 1}, beside the three`, percentile([...beside], 0.5).toFixed(1), two.toFixed(1)]);
  }
  for (const { client } of shells) client.end();
  return `${table(rows)}\np99 beside by alone: ${median(ratios)!.toFixed(2)} × (≤ 1.5)`;
}

async function memory(hoop: RunningHoop, way: Way): Promise<string> {
  const pids = processesOf(hoop);
  const rows: string[][] = [["MiB resident", ...Object.keys(pids)]];
  const now = () => Object.values(pids).map(resident);
  const told = (name: string, values: readonly number[]) =>
    rows.push([name, ...values.map((value) => value.toFixed(0))]);
  told("before", now());
  for (const [name, work] of [
    ["download", () => seconds(way, `head -c ${bigMegabytes}000000 /dev/zero`)],
    ["upload", () => seconds(way, "cat > /dev/null", bigMegabytes)],
  ] as const) {
    const peak = now();
    const timer = setInterval(() => {
      for (const [at, value] of now().entries()) peak[at] = Math.max(peak[at]!, value);
    }, 200);
    await work();
    clearInterval(timer);
    told(`peak, ${bigMegabytes} MB ${name}`, peak);
  }
  return table(rows);
}

async function main(target: Sshd, jump: Sshd, hoop: RunningHoop): Promise<void> {
  const key = join(hoop.folder, "bench-key");
  writeFileSync(key, target.userKey, { mode: 0o600 });
  const jumpKey = join(hoop.folder, "jump-key");
  writeFileSync(jumpKey, jump.userKey, { mode: 0o600 });
  const config = join(hoop.folder, "jump-config");
  const common =
    "StrictHostKeyChecking no\nUserKnownHostsFile /dev/null\nLogLevel ERROR\nIdentityAgent none\nUser root\n";
  writeFileSync(
    config,
    `Host jump\n  HostName 127.0.0.1\n  Port ${jump.port}\n  IdentityFile ${jumpKey}\nHost target\n  HostName 127.0.0.1\n  Port ${target.port}\n  IdentityFile ${key}\nHost *\n${common}`,
  );
  await hoop.hoop("admin", [
    ...["connections", "add", "web-1", "--protocol", "ssh", "--host", "127.0.0.1", "--port", String(target.port)],
    ...["--user", "root", "--agent", "site", "--secret-file", key],
  ]);
  const { host, port } = await hoop.place("web-1");
  // What the tunnel tells every ssh, where it may.
  const told = join(hoop.folder, "engineer", "tunnel", "ssh_config");
  const through: Way = { name: "hoop", args: ["-F", told, ...quiet.slice(2), ...noKeys, "-p", String(port), host] };
  const ways: readonly Way[] = [
    { name: "direct", args: ["-F", config, "target"] },
    { name: "ssh -J", args: ["-F", config, "-J", "jump", "target"] },
    through,
  ];
  if (rounds > 0) await ladder(ways, hoop);
  if (bigMegabytes > 0) console.log(`\n${await memory(hoop, through)}`);
  console.log(`\n${await lanes(host, port)}`);
}

async function ladder(ways: readonly Way[], hoop: RunningHoop): Promise<void> {
  const pids = processesOf(hoop);
  const spent = new Map<string, number[]>();
  const measures = [
    ["connect, ms", (way: Way) => seconds(way, "true").then((taken) => taken * 1_000)],
    [
      "down, MB/s",
      (way: Way) => seconds(way, `head -c ${megabytes}000000 /dev/zero`).then((taken) => megabytes / taken),
    ],
    ["up, MB/s", (way: Way) => seconds(way, "cat > /dev/null", megabytes).then((taken) => megabytes / taken)],
  ] as const;
  const values = new Map<string, number[]>();
  for (let round = 0; round < rounds; round++)
    for (const [name, measure] of measures)
      for (const way of ways) {
        const all = values.get(`${name} ${way.name}`) ?? [];
        const before = Object.values(pids).map(processor);
        values.set(`${name} ${way.name}`, [...all, await measure(way)]);
        if (way.name !== "hoop" || name.startsWith("connect")) continue;
        for (const [at, [process, pid]] of Object.entries(pids).entries()) {
          const taken = (processor(pid) - before[at]!) / megabytes;
          spent.set(`${name} ${process}`, [...(spent.get(`${name} ${process}`) ?? []), taken]);
        }
      }
  const of = (name: string, way: string) => median(values.get(`${name} ${way}`)!)!;
  const ratio = (name: string) =>
    median(values.get(`${name} hoop`)!.map((value, round) => value / values.get(`${name} ssh -J`)![round]!))!;
  console.log(`ssh2's compiled part: ${nativeCrypto() ? "loaded" : "missing"}\n`);
  console.log(
    table([
      ["", ...ways.map(({ name }) => name), "hoop by ssh -J", "target"],
      ...measures.map(([name]) => [
        name,
        ...ways.map((way) => of(name, way.name).toFixed(1)),
        `${ratio(name).toFixed(2)} ×`,
        name.startsWith("connect") ? "≤ 1.5 ×" : "≥ 0.7 ×",
      ]),
    ]),
  );
  const least = (name: string, process: string) => Math.min(...spent.get(`${name} ${process}`)!).toFixed(2);
  console.log(
    `\n${table([
      ["processor ms a MB, the least of the rounds", ...Object.keys(pids)],
      ...["down, MB/s", "up, MB/s"].map((name) => [
        name.slice(0, name.indexOf(",")),
        ...Object.keys(pids).map((process) => least(name, process)),
      ]),
    ])}`,
  );
}

const target = await startSshd();
const jump = await startSshd();
const hoop = await startHoop({
  target: { host: "127.0.0.1", port: target.port, user: "x", password: "x", database: "x" },
  policy,
});
try {
  await main(target, jump, hoop);
} finally {
  for (const child of children) child.kill("SIGKILL");
  await hoop.stop();
  await target.stop();
  await jump.stop();
}
process.exit(0);
