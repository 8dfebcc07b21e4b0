import { loadModule, parsePlPgSQLSync, parseSync, SqlError } from "libpg-query";
import { type PostgresParser, UnreadableText } from "./reading.js";
import { list, tree } from "./tree.js";

/**
 * PostgreSQL's own parser. Load it in a worker only: a text that ends its stack leaves it broken, and then it has to go with
 * everything around it. It throws `UnreadableText` for a text's own faults; after any other error do not use it again.
 */
export async function loadPostgresParser(): Promise<PostgresParser> {
  await loadModule();
  return {
    parse: (text) => {
      if (text.trim() === "") return [];
      try {
        return list(parseSync(text).stmts).map((each) => {
          const raw = tree(each);
          return { node: raw.stmt, start: Number(raw.stmt_location ?? 0), length: Number(raw.stmt_len ?? 0) };
        });
      } catch (thrown) {
        if (thrown instanceof SqlError && !isOurs(thrown)) throw new UnreadableText(thrown.message);
        throw thrown;
      }
    },
    parsePlpgsql: (text) => {
      try {
        return parsePlPgSQLSync(text);
      } catch (thrown) {
        // Here the parser says every fault as a bare Error; one of its own shows when it cannot read the simplest text any more.
        if (!(thrown instanceof Error) || thrown.constructor !== Error) throw thrown;
        proveAlive();
        throw new UnreadableText(thrown.message);
      }
    },
  };
}

/** The parser ran out of memory or stack, and noticed. */
function isOurs(error: SqlError): boolean {
  return /out of memory|stack depth limit|memory exhausted/i.test(error.message);
}

function proveAlive(): void {
  const statement = JSON.stringify(parseSync("select 1").stmts);
  if (!statement.includes('"SelectStmt"') || !statement.includes('"ival":1'))
    throw new Error("the parser no longer reads");
}
