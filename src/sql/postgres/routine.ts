import { callFunction } from "./call.js";
import type { Collector } from "./column.js";
import { readExpression } from "./expression.js";
import { readPlpgsql } from "./plpgsql.js";
import type { Reading } from "./reading.js";
import type { Scope } from "./scope.js";
import { bodyOf, list, names, type Tree, tree, word } from "./tree.js";

/** CALL and DO. */
export function readRoutine(reading: Reading, kind: string, body: Tree, scope: Scope, out: Collector): void {
  const { findings } = reading;
  findings.effect("execute");
  if (kind === "CallStmt") {
    findings.utility.add("call");
    const call = tree(body.funccall);
    readExpression(reading, call.args, scope, "computed", out);
    callFunction(reading, names(call.funcname), {
      use: "computed",
      out,
      argument: () => readExpression(reading, call.args, scope, "sink", findings),
    });
    return;
  }
  findings.utility.add("do");
  const options = new Map(
    list(body.args).map((each) => {
      const option = tree(bodyOf(each, "DefElem"));
      return [word(option.defname), word(bodyOf(option.arg, "String")?.sval)];
    }),
  );
  const language = options.get("language") ?? "plpgsql";
  if (language !== "plpgsql") {
    findings.unknown(`a body in ${language} cannot be read`);
    findings.opaque = true;
    findings.escapes.add("untrusted_language");
    return;
  }
  readPlpgsql(reading, { body: options.get("as") ?? "", procedure: true }, out);
}
