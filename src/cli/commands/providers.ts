import type { Command } from "commander";
import { examples } from "../help.js";
import type { Runner } from "../invocation.js";

/** Sign-in providers: OpenID Connect, SAML, LDAP. */
export function declareProviders(program: Command, run: Runner): void {
  const group = program.command("providers").description("where people sign in: OpenID Connect, SAML, LDAP");
  group
    .command("ls")
    .description("list sign-in providers")
    .action(run(() => import("../verbs/providers-ls.js")));
  group
    .command("show")
    .description("a provider's settings, and the addresses that it must know")
    .argument("<name>")
    .action(run(() => import("../verbs/providers-show.js")));
  examples(
    group
      .command("set")
      .description("add a provider, or replace its settings; its secret stays unless another one is given")
      .argument("<name>")
      .requiredOption("-f, --file <file>", "its settings, YAML or JSON; - reads stdin")
      .option("--secret-file <file>", "the client's secret, or the password of bindDn")
      .option("--metadata <file>", "a SAML provider's metadata: fills entityId, signInUrl and certificates in")
      .action(run(() => import("../verbs/providers-set.js"))),
    [
      ["hoop providers set okta -f okta.yaml --secret-file okta.secret", "OpenID Connect"],
      ["hoop providers set corp -f corp.yaml --metadata idp.xml", "SAML"],
    ],
  );
  group
    .command("test")
    .description("ask the provider whether it answers as configured")
    .argument("<name>")
    .action(run(() => import("../verbs/providers-test.js")));
  group
    .command("rm")
    .description("remove a provider; logins that came from it end")
    .argument("<name>")
    .option("--yes", "do not ask")
    .action(run(() => import("../verbs/providers-rm.js")));
  group
    .command("link")
    .description("say which user a person at the provider is; from then on they sign in by the provider alone")
    .argument("<name>")
    .argument("<user>")
    .argument("<external-id>", "what never changes of them there: sub, the NameID, entryUUID")
    .action(run(() => import("../verbs/providers-link.js")));
  group
    .command("unlink")
    .description("a person at the provider is nobody here any more; logins that came from there end")
    .argument("<name>")
    .argument("<external-id>")
    .action(run(() => import("../verbs/providers-unlink.js")));
}
