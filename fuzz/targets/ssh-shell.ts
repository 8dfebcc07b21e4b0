import { shellAnalysis } from "../../src/protocols/ssh/shell/shell-analysis.js";
import { Finding, type FuzzTarget } from "../target.js";

/** Command lines: read whole, or unknown; never an exception, never slow. */
export const sshShell: FuzzTarget = {
  name: "ssh-shell",
  seeds: () =>
    [
      "if ls -l /etc | grep x; then rm -rf /tmp/x; fi",
      "case $x in a|b) echo `ls`;; *) cat <<E\n$(rm x)\nE\n;; esac",
      "f() { sudo -u www sh -c 'echo \"$1\" > /x'; }; f $'\\x41' && (cd /tmp && ls) &",
      "find . -name '*.log' -exec gzip {} + ; xargs -n1 env LANG=C nice rm",
    ].map((line) => Buffer.from(line)),
  run(input) {
    const { effects, unknowns, attributes } = shellAnalysis(input.toString("utf8"), {});
    if (effects.length === 0) throw new Finding("a line that does nothing");
    if (effects.includes("unknown") !== unknowns.length > 0) throw new Finding("unknown without a reason");
    return `${effects.join()} ${(attributes["operators"] as readonly string[]).join("")} ${unknowns[0]?.replaceAll(/\S*[^a-z ]\S*/g, "…") ?? ""}`;
  },
};
