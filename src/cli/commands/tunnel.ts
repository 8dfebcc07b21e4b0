import type { Command } from "commander";
import { examples } from "../help.js";
import { collect, type Runner } from "../invocation.js";

/** The tunnel on this machine. */
export function declareTunnel(program: Command, run: Runner): void {
  const tunnel = program
    .command("tunnel")
    .description("make your connections reachable on this machine as <name>.hoop");
  examples(
    tunnel
      .command("up")
      .description("run the tunnel until Ctrl-C; with --json one line per event, `ready` once names and ports work")
      .option("--detach", "go on in the background, and return when it is ready")
      .option(
        "--names <mode>",
        "how names are made known: auto, none, systemd-resolved, macos-resolver, windows-nrpt, hosts, resolv-conf",
        "auto",
      )
      .option("--range <range>", "loopback addresses to take", "127.77.0.0/16")
      .option("--no-redirect", "never lead around a taken port with a rule of the kernel (nftables)")
      .option("--allow-user <user>", "a user of this machine who may connect too (name or number); repeatable", collect)
      .option("--installed", "run as the service made by `hoop tunnel install`: change nothing on the machine")
      .action(run(() => import("../verbs/tunnel-up.js"))),
    [
      ["sudo hoop tunnel up", "names for everybody on this machine, connections only for you"],
      ["hoop tunnel up", "without root: addresses and ports in place of names"],
      ["hoop tunnel up --detach", "in the background"],
    ],
  );
  tunnel
    .command("down")
    .description("stop the tunnel; .hoop names then fail at once")
    .action(run(() => import("../verbs/tunnel-down.js")));
  examples(
    tunnel
      .command("status")
      .description("show your connections and what to type")
      .action(run(() => import("../verbs/tunnel-status.js"))),
    [["hoop tunnel status --json | jq -r '.connections[].command'", "only what to type"]],
  );
  tunnel
    .command("doctor")
    .description("prove the way from a program on this machine to the gateway, and name what is in the way")
    .action(run(() => import("../verbs/tunnel-doctor.js")));
  examples(
    tunnel
      .command("install")
      .description("run the tunnel as a service, with only the rights that it needs (systemd, launchd, Windows)")
      .option("--names <mode>", "how names are made known", "auto")
      .option("--no-redirect", "give the service no right to change rules of the kernel")
      .option("--print", "show what would be written, and change nothing")
      .action(run(() => import("../verbs/tunnel-install.js"))),
    [
      ["sudo hoop tunnel install", "starts now and with the machine"],
      ["hoop tunnel install --print", "look first"],
    ],
  );
  tunnel
    .command("uninstall")
    .description("remove the service and every trace of the tunnel on this machine")
    .action(run(() => import("../verbs/tunnel-uninstall.js")));
}
