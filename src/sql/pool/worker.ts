import { parentPort, workerData } from "node:worker_threads";
import type { Catalogue } from "../../vocabulary/index.js";
import { analysePostgres } from "../postgres/analyse.js";
import { loadPostgresParser } from "../postgres/parser.js";
import type { FromWorker, ToWorker, WorkerSetup } from "./messages.js";

const port = parentPort;
if (port === null) throw new Error("this file is a worker thread");

const { limits } = workerData as WorkerSetup;
const parser = await loadPostgresParser();
const catalogues = new Map<string, Catalogue>();
const say = (message: FromWorker) => port.postMessage(message);

port.on("message", (message: ToWorker) => {
  switch (message.kind) {
    case "catalogue":
      catalogues.set(message.id, message.catalogue);
      return;
    case "forget":
      catalogues.delete(message.id);
      return;
    case "analyse":
      analyse(message);
  }
});

function analyse({ task, text, context, catalogue: id }: Extract<ToWorker, { kind: "analyse" }>): void {
  try {
    const catalogue = catalogues.get(id);
    if (catalogue === undefined) throw new Error("the catalogue was not given");
    say({ kind: "analysed", task, result: analysePostgres(text, context, catalogue, parser, limits) });
  } catch (thrown) {
    // Not the text's fault: the parser, or what is around it, is no longer to be trusted.
    say({ kind: "poisoned", task, reason: thrown instanceof Error ? thrown.name : "error" });
  }
}

say({ kind: "ready" });
