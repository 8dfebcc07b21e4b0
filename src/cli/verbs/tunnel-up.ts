import { spawn } from "node:child_process";
import { openSync } from "node:fs";
import { join } from "node:path";
import { askLaneEnd, type LaneEnd } from "../../client/lane-end.js";
import { showDesktopNotice } from "../../client/profile/desktop-notice.js";
import { withLoginNotice } from "../../client/profile/login-notice.js";
import { createGrpcGateway } from "../../client/tunnel/grpc-gateway.js";
import { runTunnel } from "../../client/tunnel/run-tunnel.js";
import type { TunnelStatus } from "../../client/tunnel/status.js";
import { HoopError } from "../../vocabulary/index.js";
import type { CliContext, Way } from "../context.js";
import { flag, type Invocation, text, texts, type Verb } from "../invocation.js";
import { version } from "../program.js";
import { showStatus } from "../show-status.js";
import { uidOf } from "../uid-of.js";

const detachMs = 30_000;

export const run: Verb = async (invocation) => {
  const { context } = invocation;
  const way = await context.way();
  // Before going into the background: what is wrong with the options or the login is told here.
  const allowedUids = await allowed(invocation, way);
  const lanes = await laneEnd(context, way);
  if (flag(invocation, "detach")) return detach(context);
  const gateway = withLoginNotice(
    createGrpcGateway({ url: lanes.url, ca: lanes.authority || undefined, tokens: way.tokens, version }),
    (notice) => showDesktopNotice(notice, way.login?.uid ?? null),
  );
  const { out } = context;
  await runTunnel(
    {
      stateFolder: context.folders.tunnel,
      names: (text(invocation, "names") ?? "auto") as "auto",
      range: text(invocation, "range"),
      redirect: invocation.options.redirect === false ? "never" : "auto",
      allowedUids: [...allowedUids],
      namesInstalled: flag(invocation, "installed"),
    },
    {
      gateway,
      signal: context.signal,
      log: (level, line) =>
        out.json
          ? out.event({ event: level, text: line })
          : level === "warn"
            ? out.warn(line)
            : out.say(out.color.dim(line)),
      ready: (status) => announce(context, status),
    },
  );
  if (out.json) out.event({ event: "stopped" });
  else out.say("The tunnel has stopped; .hoop names fail until it is up again.");
};

function announce({ out }: CliContext, status: TunnelStatus): void {
  if (out.json) out.event({ event: "ready", ...status });
  else out.raw(`${showStatus(status, out)}\n`);
  out.say(out.color.dim("Ctrl-C stops the tunnel."));
}

/** Who may connect: the owner of the login, whoever runs this, and those who are named. */
async function allowed(invocation: Invocation, way: Way): Promise<ReadonlySet<number>> {
  const { env } = invocation.context;
  const uids = new Set<number>();
  if (way.login?.uid !== null && way.login?.uid !== undefined) uids.add(way.login.uid);
  if (env.SUDO_UID && process.getuid?.() === 0) uids.add(Number(env.SUDO_UID));
  else if (process.getuid) uids.add(process.getuid());
  for (const user of texts(invocation, "allowUser")) uids.add(await uidOf(user));
  return uids;
}

/** Asked each time; with the gateway away, what it said last is good enough to start and wait. */
async function laneEnd(context: CliContext, way: Way): Promise<LaneEnd> {
  try {
    const end = await askLaneEnd(await context.api(), context.signal);
    const { login } = way;
    if (login && (login.lanes?.url !== end.url || login.lanes.authority !== end.authority)) {
      await context.store.locked(async () => {
        const now = context.store.find(login.url);
        if (now) context.store.put({ ...now, lanes: end });
      });
    }
    return end;
  } catch (error) {
    if (way.login?.lanes && error instanceof HoopError && (error.code === "unavailable" || error.code === "timeout")) {
      context.out.warn(`${error.message}; waiting for it`);
      return way.login.lanes;
    }
    throw error;
  }
}

/** The same command again, without `--detach`, apart from this terminal; returns when it is ready. */
async function detach(context: CliContext): Promise<number> {
  const { out, folders } = context;
  const args = process.argv.slice(1).filter((arg) => arg !== "--detach" && arg !== "--json");
  const { mkdirSync } = await import("node:fs");
  mkdirSync(folders.tunnel, { recursive: true, mode: 0o700 });
  const log = join(folders.tunnel, "tunnel.log");
  const errors = openSync(log, "w", 0o600);
  const child = spawn(process.execPath, [...process.execArgv, ...args, "--json"], {
    detached: true,
    stdio: ["ignore", "pipe", errors],
    windowsHide: true,
  });
  const { stdout } = child;
  if (!stdout) throw new HoopError("internal", "the background process has no output");
  const ready = await firstReady(
    stdout,
    detachMs,
    new Promise<null>((resolve) => child.once("exit", () => resolve(null))),
  );
  stdout.destroy();
  child.unref();
  if (ready === "late") {
    out.warn(`the tunnel runs (pid ${child.pid}) but has no list of connections yet; see hoop tunnel status`);
    return 0;
  }
  if (ready === null) {
    const { readFileSync } = await import("node:fs");
    throw new HoopError(
      "unavailable",
      `the tunnel ended while it started: ${readFileSync(log, "utf8").trim().split("\n").at(-1) ?? ""}`,
      { hint: "run `hoop tunnel up` to see what happens" },
    );
  }
  out.result(ready, () => showStatus(ready, out));
  return 0;
}

async function firstReady(
  stdout: NodeJS.ReadableStream,
  waitMs: number,
  exited: Promise<null>,
): Promise<TunnelStatus | "late" | null> {
  const { createInterface } = await import("node:readline");
  const lines = createInterface({ input: stdout });
  const ready = new Promise<TunnelStatus>((resolve) => {
    lines.on("line", (line) => {
      try {
        const event = JSON.parse(line) as { event?: string } & TunnelStatus;
        if (event.event === "ready") resolve(event);
      } catch {
        // Not an event of ours.
      }
    });
  });
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<"late">((resolve) => {
    timer = setTimeout(() => resolve("late"), waitMs);
  });
  try {
    return await Promise.race([ready, late, exited]);
  } finally {
    clearTimeout(timer);
    lines.close();
  }
}
