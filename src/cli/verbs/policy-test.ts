import { text, type Verb } from "../invocation.js";
import { printable } from "../output.js";
import { policyText } from "../policy-text.js";

export const run: Verb = async (invocation) => {
  const { out } = invocation.context;
  const file = text(invocation, "file")!;
  const source = file === "-" ? "stdin" : file;
  const content = await policyText(file);
  // The parser is large, and no other verb needs it.
  const { testPolicyText } = await import("../../gateway/offline/test-policy.js");
  const results = await testPolicyText(content, source);
  const failed = results.filter(({ passed }) => !passed);
  out.result({ passed: results.length - failed.length, failed: failed.length, results }, () => {
    if (results.length === 0) return `${source} holds no tests.`;
    const lines = results.flatMap(({ name, at, passed, problems }) =>
      passed
        ? [`${out.color.green("ok")}    ${printable(name)}`]
        : [
            `${out.color.red("FAIL")}  ${printable(name)}  ${out.color.dim(printable(at))}`,
            ...problems.map((problem) => `      ${printable(problem)}`),
          ],
    );
    return [...lines, "", `${results.length - failed.length} of ${results.length} tests pass.`].join("\n");
  });
  return failed.length === 0 ? 0 : 1;
};
