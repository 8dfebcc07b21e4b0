import { type Document, isMap, isSeq, parseDocument, YAMLSeq } from "yaml";
import { HoopError } from "../vocabulary/index.js";

/** One cluster behind Hoop, as kubectl is told of it. */
export interface Cluster {
  /** Of the context, the cluster and the user alike: `k8s-prod.hoop`. */
  readonly name: string;
  /** `https://k8s-prod.hoop` */
  readonly server: string;
  /** PEM of the authority behind the name. */
  readonly authority: string;
  /** The name in the certificate, where `server` is an address. */
  readonly serverName: string | null;
}

/** kubectl asks for a name and password where a user has nothing to show; the gateway takes no notice of what is shown. */
const user = { token: "not-needed-behind-hoop" };

/**
 * A kubeconfig with `clusters` in it: entries of the same names are replaced, all others, their order and comments stay. The
 * users hold nothing of worth: the lane says who asks. `current`: the context to use from now on; null: what it was, or the first if
 * there was none. Throws HoopError `invalid` for a text that is no kubeconfig.
 */
export function mergeKubeconfig(text: string | null, clusters: readonly Cluster[], current: string | null): string {
  const document = parseDocument(text?.trim() ? text : "apiVersion: v1\nkind: Config\n");
  const [error] = document.errors;
  if (error) throw new HoopError("invalid", `the kubeconfig is no YAML: ${error.message.split("\n")[0]}`);
  if (!isMap(document.contents)) throw new HoopError("invalid", "the kubeconfig is not a map of settings");
  for (const { name, server, authority, serverName } of clusters) {
    put(document, "clusters", name, "cluster", {
      server,
      "certificate-authority-data": Buffer.from(authority).toString("base64"),
      ...(serverName === null ? {} : { "tls-server-name": serverName }),
    });
    put(document, "users", name, "user", user);
    put(document, "contexts", name, "context", { cluster: name, user: name });
  }
  const [first] = clusters;
  const wanted = current ?? (document.get("current-context") || first?.name);
  if (wanted) document.set("current-context", wanted);
  return document.toString();
}

/** Puts `{ name, [kind]: value }` into a list, in place of one of that name. */
function put(document: Document, list: string, name: string, kind: string, value: unknown): void {
  const found = document.get(list);
  if (found !== undefined && found !== null && !isSeq(found))
    throw new HoopError("invalid", `${list} of the kubeconfig is not a list`);
  const items = found ?? new YAMLSeq();
  if (!found) document.set(list, items);
  const entry = document.createNode({ name, [kind]: value });
  const at = items.items.findIndex((item) => isMap(item) && item.get("name") === name);
  if (at < 0) items.items.push(entry);
  else items.items[at] = entry;
  // `clusters: []` as kubectl writes it would stay on one line.
  items.flow = false;
}
