import type { Command } from "commander";
import { examples } from "../help.js";
import type { Runner } from "../invocation.js";

/** Directories that provision users and groups. */
export function declareScim(program: Command, run: Runner): void {
  const group = program.command("scim").description("directories that provision users and groups by SCIM 2.0");
  group
    .command("ls")
    .description("list directories")
    .action(run(() => import("../verbs/scim-ls.js")));
  const signIn = (command: Command) =>
    command
      .option("--description <text>", "what it is")
      .option("--provider <name>", "the sign-in provider of its people; empty: none")
      .option("--match <attribute>", "by what a sign-in finds them: externalId or userName");
  examples(
    signIn(
      group
        .command("add")
        .description("add a directory")
        .argument("<name>")
        .option("--group-prefix <text>", "before the names of groups that it makes, like okta-"),
    ).action(run(() => import("../verbs/scim-add.js"))),
    [["hoop scim add okta --provider okta --group-prefix okta-", "then: hoop scim token okta"]],
  );
  signIn(
    group
      .command("edit")
      .description("change a directory; what is left out stays")
      .argument("<name>")
      .option("--enable", "its tokens are good again")
      .option("--disable", "its tokens are worth nothing meanwhile"),
  ).action(run(() => import("../verbs/scim-edit.js")));
  examples(
    group
      .command("token")
      .description("make a token for a directory; several are good side by side")
      .argument("<directory>")
      .option("--label <text>", "what it is for")
      .option("--ttl <duration>", "how long it is good", "365d")
      .action(run(() => import("../verbs/scim-token.js"))),
    [["hoop scim token okta --label 2027", "prints the token and the address to give to the provider, once"]],
  );
  group
    .command("tokens")
    .description("list a directory's tokens; never the tokens themselves")
    .argument("<directory>")
    .action(run(() => import("../verbs/scim-tokens.js")));
  group
    .command("revoke")
    .description("revoke a directory's token, at once")
    .argument("<directory>")
    .argument("<token>", "its id, as `hoop scim tokens` shows it")
    .action(run(() => import("../verbs/scim-revoke.js")));
  group
    .command("allow")
    .description("let a directory put people into a group that carries a role")
    .argument("<directory>")
    .argument("<group>")
    .option("--not", "take the leave back")
    .action(run(() => import("../verbs/scim-allow.js")));
  group
    .command("give")
    .description("hand a local user or group over to a directory")
    .argument("<directory>")
    .option("--user <name>", "this user; their local password goes")
    .option("--group <name>", "this group")
    .action(run(() => import("../verbs/scim-give.js")));
  group
    .command("rm")
    .description("remove a directory; its users and groups stay as local ones")
    .argument("<name>")
    .option("--yes", "do not ask")
    .action(run(() => import("../verbs/scim-rm.js")));
}
