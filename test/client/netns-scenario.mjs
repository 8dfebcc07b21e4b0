// Runs inside a network namespace of its own, where rules of the kernel and every port are free to use. Prints what it saw
// as JSON. Plain JavaScript on the built program: `unshare` cannot enter a test that already runs.
import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { connect, createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { askTunnel } from "../../dist/client/tunnel/control/ask-tunnel.js";
import { thisMachine } from "../../dist/client/tunnel/machine/machine.js";
import { restoreMachine } from "../../dist/client/tunnel/recover.js";
import { runTunnel } from "../../dist/client/tunnel/run-tunnel.js";
import { connectTcp } from "../../dist/transport/index.js";

execFileSync("ip", ["link", "set", "lo", "up"]);
const stateFolder = process.argv[3] ?? mkdtempSync(join(tmpdir(), "hoop-netns-"));
const offers = [
  {
    name: "pg",
    protocol: "tcp",
    port: 5432,
    labels: {},
    example: "psql -h {host} -p {port}",
    morePorts: [],
    profile: "",
  },
];

/** A gateway in this process: each lane leads to a server that says where it came from. */
async function localGateway() {
  // A tunnel that goes down resets what it carries.
  const target = createServer((socket) => socket.on("error", () => {}).end("through hoop")).listen(0, "127.0.0.1");
  await once(target, "listening");
  return {
    url: "local",
    state: { kind: "connected", since: new Date() },
    start: (listener) => listener.offers({ offers, subject: "ada", authority: "" }),
    open: () => connectTcp({ host: "127.0.0.1", port: target.address().port }),
    reach: async () => ({ kind: "connected", since: new Date() }),
    close: async () => target.close(),
  };
}

async function say(address, port) {
  const socket = connect(port, address);
  let text = "";
  socket.on("data", (chunk) => {
    text += chunk;
  });
  await new Promise((resolve) => socket.on("close", resolve).on("error", resolve));
  return text;
}

const tables = () =>
  execFileSync("nft", ["list", "tables"], { encoding: "utf8" })
    .trim()
    .replace(/hoop_[0-9a-f]{8}/g, "hoop_TAG");

async function up(redirect) {
  const stopping = new AbortController();
  const gateway = await localGateway();
  let done;
  const status = await new Promise((resolve, reject) => {
    done = runTunnel(
      { stateFolder, names: "none", redirect, allowedUids: [0] },
      { gateway, signal: stopping.signal, ready: resolve },
    );
    done.catch(reject);
  });
  return {
    status,
    async down() {
      stopping.abort();
      await done;
    },
  };
}

if (process.argv[2] === "crash") {
  await up("auto");
  process.stdout.write("up\n");
} else {
  // The tunnels of other users, on the two addresses that this one would take: theirs stay theirs.
  const neighbours = [];
  for (let n = 0; n < 2; n++) {
    const first = await up("auto");
    const { address } = first.status.connections[0];
    await first.down();
    const server = createServer((socket) => socket.end("a neighbour")).listen(5432, address);
    await once(server, "listening");
    neighbours.push({ server, address });
  }
  const beside = await up("auto");
  const [third] = beside.status.connections;
  const besideSeen = {
    via: third.via,
    port: third.port,
    own: !neighbours.some(({ address }) => address === third.address),
    says: await say(third.address, 5432),
    neighbours: await Promise.all(neighbours.map(({ address }) => say(address, 5432))),
    table: tables(),
  };
  await beside.down();
  for (const { server } of neighbours) server.close();

  const other = createServer((socket) => socket.end("another program")).listen(5432, "0.0.0.0");
  await once(other, "listening");
  const seen = { beside: besideSeen };

  const redirected = await up("auto");
  const [pg] = redirected.status.connections;
  seen.redirected = {
    via: pg.via,
    port: pg.port,
    command: pg.command.replace(pg.address, "ADDRESS"),
    says: await say(pg.address, 5432),
    elsewhere: await say("127.0.0.1", 5432),
    table: tables(),
  };
  seen.doctor = (await askTunnel(stateFolder, "doctor")).find((finding) => finding.check === "pg");
  await redirected.down();
  seen.after = tables();

  const moved = await up("never");
  const [there] = moved.status.connections;
  seen.moved = { via: there.via, port: there.port, says: await say(there.address, there.port), problem: there.problem };
  await moved.down();

  // A tunnel that is killed leaves its rules; the next start, or `uninstall`, takes them away.
  const child = spawn(process.execPath, [process.argv[1], "crash", stateFolder], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  await once(child.stdout, "data");
  child.kill("SIGKILL");
  await once(child, "exit");
  seen.crashed = tables();
  await restoreMachine(stateFolder, thisMachine());
  seen.recovered = tables();
  other.close();
  rmSync(stateFolder, { recursive: true, force: true });
  process.stdout.write(JSON.stringify(seen));
  process.exit(0);
}
