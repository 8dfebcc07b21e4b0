import { mkdirSync } from "node:fs";
import { userInfo } from "node:os";
import { join } from "node:path";
import { actAs } from "../../client/act-as.js";
import { clientFolders, userNameOf } from "../../client/folders.js";
import { thisMachine } from "../../client/tunnel/machine/machine.js";
import { tunnelOptionsSchema } from "../../client/tunnel/options.js";
import { servicePlan } from "../../client/tunnel/service/index.js";
import { installService, namesForService } from "../../client/tunnel/service/install.js";
import { blockTag, openServiceJournal } from "../../client/tunnel/tunnel.js";
import { HoopError } from "../../vocabulary/index.js";
import { flag, text, type Verb } from "../invocation.js";

export const run: Verb = async (invocation) => {
  const { context } = invocation;
  const machine = thisMachine();
  const print = flag(invocation, "print");
  if (!machine.privileged && !print)
    throw new HoopError("denied", "installing a service needs root", { hint: "sudo hoop tunnel install" });
  const { login } = await context.way();
  if (!login)
    throw new HoopError("invalid", "a service needs a login that renews itself, and HOOP_TOKEN does not", {
      hint: "hoop login",
    });
  const uid = login.uid ?? 0;
  const wanted = text(invocation, "names") ?? "auto";
  const mode = print && !machine.privileged ? null : await namesForService(wanted, machine);
  const { folders, env } = context;
  const state = machine.platform === "linux" ? stateOfUser(folders.config, env.HOOP_HOME) : folders.tunnel;
  const plan = servicePlan(machine.platform, {
    command: [process.execPath, process.argv[1]!],
    user: process.platform === "win32" ? userInfo().username : (userNameOf(uid) ?? String(uid)),
    uid,
    folders: [folders.config, state],
    names: mode?.name ?? wanted,
    redirect: invocation.options.redirect !== false,
    gateway: text(invocation, "gateway") ?? null,
    home: env.HOOP_HOME ?? null,
  });
  if (print) return context.out.result(plan, () => `${plan.path ? `# ${plan.path}\n` : ""}${plan.text}`);
  const { range, dnsPort } = tunnelOptionsSchema.parse({ stateFolder: folders.tunnel });
  // The service may write to this folder, and not make it.
  actAs(uid, () => mkdirSync(state, { recursive: true, mode: 0o700 }));
  const journal = openServiceJournal(folders.tunnel, machine);
  await installService(plan, mode!, machine, journal, { range, dnsPort, tag: blockTag(folders.tunnel) });
  context.out.result(
    { path: plan.path, names: mode!.name },
    () => "The tunnel runs as a service. See: hoop tunnel status",
  );
};

/** Where the service keeps its state: it runs as the user, and not where root's tunnel would. */
function stateOfUser(config: string, home: string | undefined): string {
  if (home) return clientFolders(home, false, null).tunnel;
  return join(config, "..", "..", ".local", "share", "hoop", "tunnel");
}
