import type { ReadTestStatement } from "../../policy/index.js";
import type { SqlAnalyser } from "../../sql/index.js";
import { HoopError } from "../../vocabulary/index.js";
import { protocols } from "../protocols.js";
import { testCatalogue } from "./test-catalogue.js";

/** Reads the statements of policy's tests as the gate would, against the schema that each test brings along. */
export function testStatementReader(analysers: Readonly<Record<string, SqlAnalyser>>): ReadTestStatement {
  return async (statement) => {
    const protocol = protocols.find(({ name }) => name === statement.protocol);
    const analyser = protocol && analysers[protocol.language];
    if (!analyser) {
      throw new HoopError("unsupported", `statements of protocol "${statement.protocol}" cannot be read in a test`);
    }
    const context = { database: "test", role: "test", searchPath: null, settings: {}, prepared: null };
    return new Promise((resolve) => analyser.analyse(statement.sql, context, testCatalogue(statement), resolve));
  };
}
