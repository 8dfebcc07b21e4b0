import { describe, expect, it } from "vitest";
import { parse } from "yaml";
import { mergeKubeconfig } from "./kubeconfig.js";

const cluster = { name: "k8s.hoop", server: "https://k8s.hoop", authority: "PEM\n", serverName: null };

describe("a kubeconfig", () => {
  it("is made where there is none, with that cluster as the current one", () => {
    expect(parse(mergeKubeconfig(null, [cluster], null))).toEqual({
      apiVersion: "v1",
      kind: "Config",
      clusters: [
        { name: "k8s.hoop", cluster: { server: "https://k8s.hoop", "certificate-authority-data": "UEVNCg==" } },
      ],
      users: [{ name: "k8s.hoop", user: { token: "not-needed-behind-hoop" } }],
      contexts: [{ name: "k8s.hoop", context: { cluster: "k8s.hoop", user: "k8s.hoop" } }],
      "current-context": "k8s.hoop",
    });
  });

  it("keeps what others wrote, comments too, and replaces its own", () => {
    const before = `apiVersion: v1
kind: Config
clusters:
# the old one
- name: minikube
  cluster: {server: https://192.0.2.1}
- name: k8s.hoop
  cluster: {server: https://old.hoop, extra: 1}
contexts: []
users:
- name: minikube
  user: {token: keep-me}
current-context: minikube
`;
    const text = mergeKubeconfig(before, [cluster], null);
    const after = parse(text);
    expect(text).toContain("# the old one");
    expect(after.users).toEqual([
      { name: "minikube", user: { token: "keep-me" } },
      { name: "k8s.hoop", user: { token: "not-needed-behind-hoop" } },
    ]);
    expect(after.clusters.map((entry: { name: string }) => entry.name)).toEqual(["minikube", "k8s.hoop"]);
    expect(after.clusters[1].cluster).not.toHaveProperty("extra");
    expect(after["current-context"]).toBe("minikube");
    expect(parse(mergeKubeconfig(text, [cluster], "k8s.hoop"))["current-context"]).toBe("k8s.hoop");
    expect(mergeKubeconfig(text, [cluster], null)).toBe(text);
  });

  it("says the certificate's name where the server is an address", () => {
    const text = mergeKubeconfig(
      null,
      [{ ...cluster, server: "https://127.77.1.2:10443", serverName: "k8s.hoop" }],
      null,
    );
    expect(parse(text).clusters[0].cluster["tls-server-name"]).toBe("k8s.hoop");
  });

  it.each(["- a list", "clusters: 7", "a: [", "text"])("refuses %j and says why", (text) => {
    expect(() => mergeKubeconfig(text, [cluster], null)).toThrow(/kubeconfig/);
  });
});
