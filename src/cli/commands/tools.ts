import { Argument, type Command } from "commander";
import { examples } from "../help.js";
import type { Runner } from "../invocation.js";

/** What is left. */
export function declareTools(program: Command, run: Runner): void {
  examples(
    program
      .command("ca")
      .description("print the authority that signs what clients are shown (PEM)")
      .option("--fingerprint", "print its fingerprint only")
      .action(run(() => import("../verbs/ca.js"))),
    [["hoop ca > ~/.postgresql/root.crt", "then sslmode=verify-full works"]],
  );
  examples(
    program
      .command("kubeconfig")
      .description("set kubectl up for your Kubernetes connections; all of them, or those named")
      .argument("[connections...]", "their names")
      .option("--file <path>", "the kubeconfig to write; what KUBECONFIG says, or ~/.kube/config")
      .option("--use", "make it the context that kubectl uses from now on")
      .option("--print", "print it instead, and write nothing")
      .action(run(() => import("../verbs/kubeconfig.js"))),
    [
      ["hoop kubeconfig", "then kubectl --context k8s-prod.hoop get pods"],
      ["hoop kubeconfig k8s-prod --use", "then kubectl get pods"],
      ["kubectl --kubeconfig <(hoop kubeconfig --print) get pods", "without a file"],
    ],
  );
  program
    .command("secrets")
    .description("the sealed secrets of targets")
    .command("rotate")
    .description("seal every secret anew under the present master key")
    .action(run(() => import("../verbs/secrets-rotate.js")));
  examples(
    program
      .command("completion")
      .description("print the completion for a shell")
      .addArgument(new Argument("<shell>").choices(["bash", "zsh", "fish"]))
      .action(run(() => import("../verbs/completion.js"))),
    [
      ["source <(hoop completion bash)", "in ~/.bashrc"],
      ["hoop completion zsh > ~/.zfunc/_hoop", "in a folder of $fpath"],
      ["hoop completion fish > ~/.config/fish/completions/hoop.fish", "fish"],
    ],
  );
}
