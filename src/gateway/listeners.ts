import { readFileSync } from "node:fs";
import { isIP } from "node:net";
import { hostname, networkInterfaces } from "node:os";
import { isLoopback } from "../transport/grpc/index.js";
import { HoopError } from "../vocabulary/index.js";
import type { GatewayConfig } from "./config.js";

/** The names and addresses that the gateway's own certificate is for. */
export function certificateHosts(config: GatewayConfig): { names: readonly string[]; addresses: readonly string[] } {
  const said = [
    ...config.HOOP_TLS_NAMES,
    hostOf(config.HOOP_GRPC_PUBLIC),
    hostOf(config.HOOP_POSTGRES_PUBLIC),
    config.HOOP_PUBLIC_URL ? new URL(config.HOOP_PUBLIC_URL).hostname : undefined,
  ];
  const hosts = new Set(["localhost", "127.0.0.1", "::1", hostname().toLowerCase()]);
  for (const host of [
    ...said,
    ...bound(config.HOOP_GRPC_LISTEN.host),
    ...bound(config.HOOP_HTTP_LISTEN.host),
    ...bound(config.HOOP_POSTGRES_LISTEN?.host ?? "localhost"),
  ])
    if (host) hosts.add(host.replace(/^\[|\]$/g, ""));
  const all = [...hosts];
  return { names: all.filter((host) => isIP(host) === 0), addresses: all.filter((host) => isIP(host) !== 0) };
}

/** A wildcard listens on every address of the machine. */
function bound(host: string): readonly string[] {
  if (host !== "0.0.0.0" && host !== "::") return [host];
  return Object.values(networkInterfaces()).flatMap((list) =>
    (list ?? []).filter((at) => !at.address.startsWith("fe80")).map((at) => at.address),
  );
}

function hostOf(address: string | undefined): string | undefined {
  return address?.replace(/:\d+$/, "");
}

/** Key and certificate for the API and the console; null: plain HTTP. Throws HoopError `invalid`. */
export function httpTls(
  config: GatewayConfig,
  own: { readonly key: string; readonly chain: string },
): { key: string | Buffer; cert: string | Buffer } | null {
  const { HOOP_TLS_CERT_FILE: certFile, HOOP_TLS_KEY_FILE: keyFile } = config;
  if ((certFile === undefined) !== (keyFile === undefined))
    throw new HoopError("invalid", "HOOP_TLS_CERT_FILE and HOOP_TLS_KEY_FILE belong together; one is missing");
  const on =
    config.HOOP_HTTP_TLS === "on" ||
    certFile !== undefined ||
    (config.HOOP_HTTP_TLS === "auto" && !isLoopback(config.HOOP_HTTP_LISTEN.host));
  if (!on) return null;
  if (certFile === undefined || keyFile === undefined) return { key: own.key, cert: own.chain };
  try {
    return { key: readFileSync(keyFile), cert: readFileSync(certFile) };
  } catch (cause) {
    throw new HoopError("invalid", `the certificate or key of the API cannot be read: ${certFile}, ${keyFile}`, {
      cause,
    });
  }
}
