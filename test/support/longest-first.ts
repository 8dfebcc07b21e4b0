import { relative } from "node:path";
import { BaseSequencer, type TestSpecification } from "vitest/node";

/** Files that take the better part of a minute, longest first: one that began last would keep one worker busy and the other one idle. */
const longest = [
  "hoop/lifecycle",
  "hoop-bypass/bypass",
  "hoop/rehearsal",
  "ssh/prompt-shells",
  "events/crash",
  "credentials/ephemeral",
  "hoop/clients",
  "hoop/limits",
  "events/imposed",
  "runbooks/runs",
  "cli/demo",
  "runbooks/kill",
  "hoop/crash",
  "hoop/held",
  "identity/browser",
  "hoop/held-access",
  "events/own-word",
  "hoop/compared",
  "cli/device-login",
  "hoop/budgets",
  "credentials/granted-roles",
  "credentials/native",
  "storage/embedded",
  "hoop/masks",
  "samples/fresh-install",
  "hoop/revoke",
  "ssh/prompt",
  "web/console",
  "identity/scim-lanes",
].map((name) => `test/${name}.test.ts`);

/** The order of the files: those, then the others as Vitest would have them. */
export class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const rank = ({ moduleId, project }: TestSpecification): number => {
      const place = longest.indexOf(relative(project.config.root, moduleId));
      return place < 0 ? longest.length : place;
    };
    return (await super.sort(files)).sort((one, other) => rank(one) - rank(other));
  }
}
