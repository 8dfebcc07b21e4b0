import type { Command } from "commander";
import { examples } from "../help.js";
import type { Runner } from "../invocation.js";

/** Logging in and out. */
export function declareAccess(program: Command, run: Runner): void {
  examples(
    program
      .command("login")
      .description("log in at a gateway, in the browser or with a code typed into it")
      .argument("[url]", "the gateway; the one in use when left out")
      .option("--ca <file>", "trust this authority (PEM) for the gateway")
      .option(
        "--ca-fingerprint <sha256:…>",
        "accept the gateway's own authority if it has this fingerprint, without asking",
      )
      .option("--no-browser", "do not open a browser, print the address and the code")
      .option(
        "--user <name>",
        "log in with name and password in this terminal; the password is asked for, or read from stdin",
      )
      .option(
        "--provider <name>",
        "sign in by this provider at once; with --user, the directory that knows the password",
      )
      .action(run(() => import("../verbs/login.js"))),
    [
      ["hoop login https://hoop.example.com", "opens the browser"],
      ["hoop login --no-browser", "over SSH: type the code on another machine"],
      ["hoop login https://127.0.0.1:8443 --user admin < password.txt", "for programs"],
    ],
  );
  program
    .command("logout")
    .description("end the login here and at the gateway")
    .action(run(() => import("../verbs/logout.js")));
  examples(
    program
      .command("whoami")
      .description("show who you are to the gateway, and your groups")
      .action(run(() => import("../verbs/whoami.js"))),
    [["hoop whoami --json | jq -r .name", "the name alone"]],
  );
  program
    .command("token")
    .description("print an access token of this login, renewed when needed, for other programs")
    .action(run(() => import("../verbs/token.js")));
}
