import { readFileSync, realpathSync, statSync } from "node:fs";
import { homedir } from "node:os";
import { delimiter, join } from "node:path";
import { type Cluster, mergeKubeconfig } from "../../client/kubeconfig.js";
import { writePrivateFile } from "../../client/private-file.js";
import { askTunnel } from "../../client/tunnel/control/ask-tunnel.js";
import type { ConnectionStatus } from "../../client/tunnel/status.js";
import { HoopError } from "../../vocabulary/index.js";
import { flag, text, type Verb } from "../invocation.js";

const maxBytes = 4 * 1024 * 1024;
const suffix = ".hoop";

export const run: Verb = async (invocation) => {
  const { context } = invocation;
  const status = await askTunnel(context.folders.tunnel, "status");
  const { authority } = status;
  if (authority === null)
    throw new HoopError("unavailable", "the tunnel has not heard from its gateway yet", { hint: "hoop tunnel status" });
  const offered = status.connections.filter(({ profile }) => profile === "kubernetes");
  const clusters = pick(offered, invocation.args).map((connection) => clusterOf(connection, authority));
  const [first] = clusters;
  if (!first)
    throw new HoopError("not-found", "no connection of yours is a Kubernetes API", {
      hint: "an admin adds one with --protocol http --target profile=kubernetes",
    });
  const current = flag(invocation, "use") ? first.name : null;
  if (flag(invocation, "print")) {
    context.out.result({ contexts: clusters.map(({ name }) => name) }, () =>
      mergeKubeconfig(null, clusters, current).trimEnd(),
    );
    return;
  }
  const path = text(invocation, "file") ?? usualPath(context.env);
  const before = read(path);
  writePrivateFile(before === null ? path : realpathSync(path), mergeKubeconfig(before, clusters, current));
  const contexts = clusters.map(({ name }) => name);
  context.out.result({ file: path, contexts }, () =>
    contexts.map((name) => `kubectl --context ${name} get pods`).join("\n"),
  );
};

function pick(offered: readonly ConnectionStatus[], names: readonly string[]): readonly ConnectionStatus[] {
  if (names.length === 0) return offered.filter(({ via }) => via !== "none");
  return names.map((name) => {
    const bare = name.endsWith(suffix) ? name.slice(0, -suffix.length) : name;
    const found = offered.find((connection) => connection.name === bare);
    if (!found)
      throw new HoopError("not-found", `${bare} is not among your Kubernetes connections`, {
        hint: offered.length === 0 ? "hoop tunnel status" : `there are ${offered.map((one) => one.name).join(", ")}`,
      });
    return found;
  });
}

/** Over TLS where the tunnel has that port: kubectl then knows whom it speaks to, and sends nothing in clear on this machine. */
function clusterOf({ name, host, port, more }: ConnectionStatus, authority: string): Cluster {
  const at = more.find((other) => other.port === 443)?.at ?? port;
  const own = `${name}${suffix}`;
  return {
    name: own,
    server: `https://${host}${at === 443 ? "" : `:${at}`}`,
    authority,
    serverName: host === own ? null : own,
  };
}

/** Where kubectl itself writes: the first file of KUBECONFIG, or the one in the home folder. */
function usualPath(env: Readonly<Record<string, string | undefined>>): string {
  const first = env.KUBECONFIG?.split(delimiter).find((path) => path !== "");
  return first ?? join(homedir(), ".kube", "config");
}

function read(path: string): string | null {
  try {
    if (statSync(path).size > maxBytes) throw new HoopError("too-large", `${path} is too long for a kubeconfig`);
    return readFileSync(path, "utf8");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return null;
    throw error;
  }
}
