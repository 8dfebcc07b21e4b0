import { HoopError } from "../../../vocabulary/index.js";
import type { ApiClient } from "../../api-client.js";
import type { Login } from "../../profile/profile-store.js";
import type { Finding } from "./finding.js";

/** More than this, and tokens and certificates start to look expired or not yet good. */
const skewMs = 60_000;
const soonMs = 24 * 3_600_000;

/** Looks at the gateway through its API: the login, the clock, the agents. Works without a tunnel. */
export async function examineGateway(api: ApiClient, login: Login | null, signal: AbortSignal): Promise<Finding[]> {
  const found: Finding[] = [];
  const asked = Date.now();
  const response = await api.stream("/me", { signal });
  const answered = Date.now();
  response.resume();
  found.push({ check: "api", result: "ok", text: `${api.url.origin} answers and knows you` });
  const theirs = Date.parse(response.headers.date ?? "");
  if (Number.isFinite(theirs)) found.push(clock(theirs - (asked + answered) / 2));
  if (login) found.push(expiry(login));
  found.push(...(await agents(api, signal)));
  return found;
}

function clock(skew: number): Finding {
  const seconds = Math.round(Math.abs(skew) / 1000);
  if (Math.abs(skew) < skewMs)
    return { check: "clock", result: "ok", text: "this machine and the gateway agree about the time" };
  return {
    check: "clock",
    result: "failed",
    text: `this machine's clock is ${seconds} s ${skew > 0 ? "behind" : "ahead of"} the gateway's`,
    fix: "let the clock be set by the network (timedatectl set-ntp true)",
  };
}

function expiry({ refreshExpires, url }: Login): Finding {
  const left = Date.parse(refreshExpires) - Date.now();
  if (left > soonMs)
    return {
      check: "login",
      result: "ok",
      text: `the login renews itself, and would end on ${refreshExpires} if it were not used`,
    };
  return { check: "login", result: "warning", text: `the login ends on ${refreshExpires}`, fix: `hoop login ${url}` };
}

async function agents(api: ApiClient, signal: AbortSignal): Promise<Finding[]> {
  try {
    const { items } = await api.get<{ items: readonly { name: string; state: string }[] }>("/agents", { signal });
    return items
      .filter((agent) => agent.state !== "connected" && agent.state !== "revoked")
      .map((agent) => ({
        check: `agent ${agent.name}`,
        result: "warning" as const,
        text: `it is ${agent.state}`,
        fix: "connections through it fail; look at its machine",
      }));
  } catch (error) {
    // Only admins and auditors may see the agents.
    if (error instanceof HoopError && (error.code === "denied" || error.code === "not-found")) return [];
    throw error;
  }
}
