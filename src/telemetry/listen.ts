import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";

export interface MetricsListener {
  readonly host: string;
  readonly port: number;
  close(): Promise<void>;
}

/** Answers `/metrics`, `/livez` and `/readyz` to whoever reaches it, and nothing else. */
export async function listenMetrics(
  at: { readonly host: string; readonly port: number },
  answers: {
    metrics(): Promise<{ readonly contentType: string; readonly text: string }>;
    notReady(): readonly string[];
  },
): Promise<MetricsListener> {
  const server = createServer(
    { maxHeaderSize: 8 * 1024, headersTimeout: 5_000, requestTimeout: 10_000 },
    (request, response) => {
      const say = (status: number, text: string, contentType = "text/plain; charset=utf-8") => {
        response.writeHead(status, {
          "content-type": contentType,
          "cache-control": "no-store",
          "x-content-type-options": "nosniff",
        });
        response.end(request.method === "HEAD" ? undefined : text);
      };
      const path = (request.url ?? "/").split("?")[0];
      if (request.method !== "GET" && request.method !== "HEAD") return say(405, "only GET\n");
      if (path === "/livez") return say(200, "ok\n");
      if (path === "/readyz") {
        const why = answers.notReady();
        return say(why.length === 0 ? 200 : 503, why.length === 0 ? "ok\n" : `${why.join("\n")}\n`);
      }
      if (path !== "/metrics") return say(404, "there are /metrics, /livez and /readyz\n");
      answers.metrics().then(
        ({ text, contentType }) => say(200, text, contentType),
        () => say(500, "the metrics could not be made\n"),
      );
    },
  );
  server.maxConnections = 64;
  server.listen(at.port, at.host);
  await once(server, "listening");
  const { address, port } = server.address() as AddressInfo;
  return {
    host: address,
    port,
    async close() {
      server.close();
      server.closeAllConnections();
      await once(server, "close");
    },
  };
}
