import { relative, resolve } from "node:path";
import pc from "picocolors";
import { leadsElsewhere } from "../client/tunnel/names/leads-elsewhere.js";
import { HoopError } from "../vocabulary/index.js";
import { type Demo, startDemo } from "./start.js";
import { type Place, tour } from "./tour.js";
import { sshPlace } from "./tour-ssh.js";
import type { WebPlace } from "./tour-web.js";

const usage = `npm run demo [-- --once]

Starts a whole Hoop on this machine: gateway, agent, a sample PostgreSQL, web site and machine, tunnel. Then shows what it is for.
  --once     end after the tour
  --help     this

HOOP_DEMO_DIR   where the demo keeps its state (default: .hoop/demo)`;

const say = (text: string): void => {
  process.stdout.write(`${text}\n`);
};

async function main(args: readonly string[]): Promise<number> {
  const unknown = args.find((arg) => !["--once", "--help"].includes(arg));
  if (unknown !== undefined) throw new HoopError("invalid", `the demo has no option ${unknown}`, { hint: usage });
  if (args.includes("--help")) {
    say(usage);
    return 0;
  }
  const stopping = new AbortController();
  for (const name of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.on(name, () => stopping.abort());
  // `npm run demo | head`: nobody reads on, and still everything is to be stopped.
  process.stdout.on("error", () => stopping.abort());

  say(pc.bold("Starting a whole Hoop on this machine:"));
  const demo = await startDemo({
    folder: resolve(process.env.HOOP_DEMO_DIR ?? ".hoop/demo"),
    step: (text) => say(`  · ${text}`),
    signal: stopping.signal,
  });
  try {
    const connection = demo.tunnel.connections.find((one) => one.name === "pg-demo");
    if (!connection) throw new HoopError("internal", "the tunnel does not offer pg-demo");
    const named = connection.host.endsWith(".hoop");
    const elsewhere = named ? await leadsElsewhere(connection.host, connection.address) : null;
    const host = elsewhere === null ? connection.host : connection.address;
    const place: Place = {
      host,
      port: connection.port,
      typed: `psql -h ${host}${connection.port === 5432 ? "" : ` -p ${connection.port}`}`,
    };
    if (elsewhere !== null)
      say(
        pc.yellow(
          `\nAnother tunnel on this machine serves ${connection.host} too, so this one is used by its address.`,
        ),
      );
    if (!named) {
      const why = demo.tunnel.names.problem ?? "this system was not changed";
      const need = process.getuid?.() === 0 ? "a names mode that works here" : "root";
      say(pc.yellow(`\nThe names (*.hoop) need ${need}: ${why}. Address and port work just as well.`));
    }
    if (connection.problem) say(pc.yellow(connection.problem));
    const web = webPlace(demo.tunnel, named && elsewhere === null);
    const machine = sshPlace(demo.tunnel, named && elsewhere === null);
    await tour(demo, place, say, web, machine);
    if (args.includes("--once") || stopping.signal.aborted) return 0;

    say(`
${pc.bold("It stays up.")} Now you:

  type    ${pc.cyan(place.typed)}
          ${pc.cyan(`curl ${web.url}/api/customers`)}
          ${pc.cyan(machine.typed)}
  click   ${pc.cyan(demo.http)}   as ${demo.user.name} / ${demo.user.password}, or ${demo.admin.name} / ${demo.admin.password}
  look    ${pc.cyan(`HOOP_HOME=${relative(process.cwd(), demo.engineerHome) || "."} node dist/cli.js tunnel status`)}
  read    README.md, docs/policy.md

Ctrl-C ends it and leaves the machine as it was.`);
    await new Promise<void>((done) => stopping.signal.addEventListener("abort", () => done(), { once: true }));
    return 0;
  } finally {
    say(pc.dim("\nStopping …"));
    await demo.stop();
  }
}

function webPlace({ connections }: Demo["tunnel"], byName: boolean): WebPlace {
  const found = connections.find((one) => one.name === "web-demo");
  if (!found) throw new HoopError("internal", "the tunnel does not offer web-demo");
  const { address, port } = found;
  return { address, port, url: `http://${byName ? found.host : address}${port === 80 ? "" : `:${port}`}` };
}

main(process.argv.slice(2)).then(
  (code) => process.exit(code),
  (error: unknown) => {
    // Ctrl-C while it started.
    if ((error as Error).name === "AbortError") process.exit(130);
    const told = error instanceof HoopError ? `${error.message}${error.hint ? `\n${error.hint}` : ""}` : error;
    console.error(pc.red("The demo failed."), told);
    process.exit(1);
  },
);
