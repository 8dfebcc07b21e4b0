import { compilePolicy, parseDocuments, type TestResult, testPolicy } from "../../policy/index.js";
import { createSqlAnalyser } from "../../sql/index.js";
import { testStatementReader } from "./read-test-statement.js";

/** Runs the tests of a policy file with a parser in this process; no gateway is asked. Throws HoopError `invalid`. */
export async function testPolicyText(text: string, source: string): Promise<readonly TestResult[]> {
  const documents = parseDocuments(text, source);
  const analyser = createSqlAnalyser({ workers: 1 });
  try {
    return await testPolicy(compilePolicy(documents), documents, testStatementReader({ postgresql: analyser }));
  } finally {
    await analyser.close();
  }
}
