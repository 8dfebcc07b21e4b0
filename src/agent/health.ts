import { once } from "node:events";
import { createServer } from "node:http";

/** What an agent says of itself; numbers only, no name of a target. */
export interface AgentHealth {
  /** Connections to a gateway that are up. */
  connected(): number;
  lanes(): number;
  draining(): boolean;
}

/** Answers `/livez`, `/readyz` and `/metrics` in a few lines of its own: an agent stays small. Returns the way to stop. */
export async function serveHealth(
  at: { readonly host: string; readonly port: number },
  health: AgentHealth,
  version: string,
): Promise<{ readonly port: number; close(): void }> {
  const server = createServer(
    { maxHeaderSize: 8 * 1024, headersTimeout: 5_000, requestTimeout: 10_000 },
    (request, response) => {
      const say = (status: number, text: string) => {
        response.writeHead(status, {
          "content-type": "text/plain; version=0.0.4; charset=utf-8",
          "cache-control": "no-store",
        });
        response.end(request.method === "HEAD" ? undefined : text);
      };
      const path = (request.url ?? "/").split("?")[0];
      if (request.method !== "GET" && request.method !== "HEAD") say(405, "only GET\n");
      else if (path === "/livez") say(200, "ok\n");
      else if (path === "/readyz") {
        const why = health.draining() ? "draining" : health.connected() === 0 ? "no gateway is connected" : null;
        say(why === null ? 200 : 503, `${why ?? "ok"}\n`);
      } else if (path === "/metrics") say(200, metricsOf(health, version));
      else say(404, "there are /metrics, /livez and /readyz\n");
    },
  );
  server.maxConnections = 32;
  server.listen(at.port, at.host);
  await once(server, "listening");
  const address = server.address();
  return {
    port: typeof address === "object" && address !== null ? address.port : at.port,
    close() {
      server.close();
      server.closeAllConnections();
    },
  };
}

function metricsOf(health: AgentHealth, version: string): string {
  const metrics: readonly (readonly [name: string, help: string, value: number, labels?: string])[] = [
    [
      "hoop_agent_build_info",
      "The version that runs; always 1.",
      1,
      `{version="${version.replaceAll(/[^\w.+-]/g, "")}"}`,
    ],
    ["hoop_agent_gateway_connected", "Connections to a gateway that are up.", health.connected()],
    ["hoop_agent_lanes", "Connections that are carried now.", health.lanes()],
    ["hoop_agent_draining", "1: the agent is shutting down.", health.draining() ? 1 : 0],
    ["process_resident_memory_bytes", "Resident memory size in bytes.", process.memoryUsage.rss()],
    [
      "process_start_time_seconds",
      "Start time of the process since unix epoch in seconds.",
      Math.round(Date.now() / 1_000 - process.uptime()),
    ],
  ];
  return metrics
    .map(
      ([name, help, value, labels = ""]) => `# HELP ${name} ${help}\n# TYPE ${name} gauge\n${name}${labels} ${value}\n`,
    )
    .join("");
}
