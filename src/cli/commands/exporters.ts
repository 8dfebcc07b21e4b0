import type { Command } from "commander";
import { examples } from "../help.js";
import { collect, type Runner } from "../invocation.js";

/** What leaves for tools elsewhere. */
export function declareExporters(program: Command, run: Runner): void {
  const exporters = program
    .command("exporters")
    .description("send events and recordings' entries to files, syslog, HTTP or OpenTelemetry");
  exporters
    .command("ls")
    .description("list exporters")
    .action(run(() => import("../verbs/exporters-ls.js")));
  examples(
    exporters
      .command("add")
      .description("add an exporter, or change where it sends; one that is changed goes on where it was")
      .argument("<name>", "what it is called here")
      .requiredOption(
        "--to <address>",
        "file:PATH, syslog+tls://HOST:PORT, syslog+tcp://…, syslog+udp://…, https://…, otlp+https://…",
      )
      .option("--source <source>", "events (default), entries; again for both", collect)
      .option("--header <name=value>", "one more header, for HTTP", collect)
      .option("--ca <file>", "PEM of the authority behind the receiver")
      .option("--secret-stdin", "a token, or the key of signatures, as a line of stdin")
      .option("--from-beginning", "everything that is kept, not only what comes")
      .option("--no-gzip", "bodies as they are")
      .option("--disabled", "write it down and send nothing yet")
      .action(run(() => import("../verbs/exporters-add.js"))),
    [
      ["hoop exporters add siem --to syslog+tls://siem.example.com:6514 --ca siem.pem", "RFC 5424 over TLS"],
      [
        "hoop exporters add lake --to otlp+https://otel.example.com --source events --source entries",
        "a collector of OpenTelemetry",
      ],
    ],
  );
  exporters
    .command("rm")
    .description("remove an exporter with its cursor")
    .argument("<name>", "the exporter")
    .option("--yes", "do not ask")
    .action(run(() => import("../verbs/exporters-rm.js")));
  exporters
    .command("test")
    .description("send one line that says that it is a test")
    .argument("<name>", "the exporter")
    .action(run(() => import("../verbs/exporters-test.js")));
  exporters
    .command("status")
    .description("how far an exporter is behind, and why; exit code 8: one is failing or has lost something")
    .argument("[name]", "only this one")
    .action(run(() => import("../verbs/exporters-status.js")));
}
