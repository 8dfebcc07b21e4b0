import { userNameOf } from "../../folders.js";
import type { Machine } from "../machine/machine.js";
import { leadsElsewhere } from "../names/leads-elsewhere.js";
import type { TunnelNames } from "../names/names.js";
import { describeOwner, portOwners } from "../owner/port-owner.js";
import type { TunnelStatus } from "../status.js";
import type { Finding } from "./finding.js";
import { findInterference } from "./interference.js";

/** Looks at everything between a client on this machine and the gateway, and names what is in the way. */
export async function examine(status: TunnelStatus, names: TunnelNames, machine: Machine): Promise<Finding[]> {
  return [
    ...gateway(status),
    ...(await proveNames(status, names, machine)),
    ...owners(status),
    ...(await ports(status)),
    ...advice(status),
  ];
}

function gateway({ gateway, connections }: TunnelStatus): Finding[] {
  const since = `since ${gateway.since}`;
  if (gateway.state === "connected") {
    return [
      {
        check: "gateway",
        result: "ok",
        text: `connected to ${gateway.url} ${since}, ${connections.length} connection${connections.length === 1 ? "" : "s"}`,
      },
    ];
  }
  return [
    {
      check: "gateway",
      result: "failed",
      text: `${gateway.url} is not reached ${since}${gateway.why ? `: ${gateway.why}` : ""}`,
      fix: gateway.hint ?? "look whether the address is right and whether a proxy or firewall stands between",
    },
  ];
}

async function findOtherTunnels({ connections }: TunnelStatus): Promise<Finding[]> {
  const found: Finding[] = [];
  for (const { host, address, via } of connections) {
    const elsewhere = via === "none" || host === address ? null : await leadsElsewhere(host, address);
    if (elsewhere === null) continue;
    found.push({
      check: "names",
      result: "failed",
      text: `${host} leads to ${elsewhere} first, and this tunnel has it at ${address}: another tunnel of this machine serves the same name`,
      fix: `stop the other one, or use ${address}`,
    });
  }
  return found;
}

async function proveNames(status: TunnelStatus, names: TunnelNames, machine: Machine): Promise<Finding[]> {
  const { mode, problem } = status.names;
  if (mode === "none") {
    return [
      {
        check: "names",
        result: "warning",
        text: problem ?? "names are switched off",
        fix: "use the addresses that `hoop tunnel status` shows, or run the tunnel as root",
      },
    ];
  }
  const before = names.dnsAnswered;
  const failure = await names.prove();
  if (failure === null) {
    const found: Finding[] = [{ check: "names", result: "ok", text: `the system finds ${names.canary} by ${mode}` }];
    // A hosts file that also has our lines from elsewhere would answer without asking us.
    if (status.dns && names.dnsAnswered === before) {
      found.push({
        check: "names",
        result: "warning",
        text: "the answer came from a cache or file, not from the tunnel's DNS server",
      });
    }
    return [...found, ...(await findOtherTunnels(status))];
  }
  const reached = status.dns && names.dnsAnswered > before;
  return [
    {
      check: "names",
      result: "failed",
      text: reached ? `${failure}, although the tunnel's DNS server was asked and answered` : failure,
      fix:
        mode === "hosts"
          ? "look at the line `hosts:` of /etc/nsswitch.conf: `files` must come first"
          : "see the findings below, or use `--names=hosts`",
    },
    ...(await findInterference(machine, mode)),
  ];
}

function owners(status: TunnelStatus): Finding[] {
  if (status.owners.checked)
    return [
      {
        check: "owner",
        result: "ok",
        text: `only ${status.owners.uids.map((uid) => userNameOf(uid) ?? `user ${uid}`).join(", ")} of this machine may connect`,
      },
    ];
  return [
    {
      check: "owner",
      result: "warning",
      text: "this system does not tell who opens a loopback connection: every user of this machine can use the tunnel",
      fix: "run it on machines that you do not share",
    },
  ];
}

async function ports(status: TunnelStatus): Promise<Finding[]> {
  const found: Finding[] = [];
  for (const connection of status.connections) {
    if (connection.via === "none") {
      found.push({ check: connection.name, result: "failed", text: connection.problem ?? "not published" });
      continue;
    }
    if (connection.via === "own") continue;
    const holders = (await portOwners(connection.ownPort)).filter((owner) => owner.everywhere).map(describeOwner);
    const taken =
      holders.length > 0
        ? `its port is held on every address by ${holders.join(" and ")}`
        : "its own port could not be had";
    found.push(
      connection.via === "redirected"
        ? { check: connection.name, result: "ok", text: `${taken}; a rule of the kernel leads past it` }
        : {
            check: connection.name,
            result: "warning",
            text: connection.problem ?? taken,
            fix: `type: ${connection.command}`,
          },
    );
  }
  return found;
}

/** What cannot be seen from here but is asked again and again. */
function advice(status: TunnelStatus): Finding[] {
  if (status.names.mode === "none") return [];
  return [
    {
      check: "elsewhere",
      result: "ok",
      text: "containers have names and loopback addresses of their own (run them with --network=host, or the tunnel inside); a Java program may remember an old answer (networkaddress.cache.ttl)",
    },
  ];
}
