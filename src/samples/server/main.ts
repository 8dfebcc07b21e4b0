// The sample web site and machine as a process of their own: they share no memory with the gateway, which holds secrets, and when it is
// gone, however it went, their standard input ends and so do they.
import { rmSync } from "node:fs";
import { dirname } from "node:path";
import { createInterface } from "node:readline";
import { startSshSite } from "../ssh/start.js";
import { startSite } from "../web/start.js";
import { orderSchema } from "./order.js";

let sockets: string | null = null;
for (const over of ["end", "close"] as const)
  process.stdin.once(over, () => {
    if (sockets !== null) rmSync(sockets, { recursive: true, force: true });
    process.exit(0);
  });
// What is sent to the whole group, such as Ctrl-C, is the gateway's to handle: it serves its sessions to their end.
for (const name of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.on(name, () => {});

const [line] = await new Promise<[string]>((resolve) =>
  createInterface({ input: process.stdin }).once("line", (text) => resolve([text])),
);
const { web, ssh, user } = orderSchema.parse(JSON.parse(line));
if (user !== null) {
  process.setgroups?.([]);
  process.setgid?.(user.gid);
  process.setuid?.(user.uid);
}
process.umask(0o077);
if (process.platform !== "win32") sockets = dirname(web.path);
await Promise.all([
  startSite({ token: web.token, listen: { path: web.path } }),
  startSshSite({ password: ssh.password, hostKey: ssh.hostKey, listen: { path: ssh.path } }),
]);
process.stdout.write("ready\n");
