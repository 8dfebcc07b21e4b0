import type { ReviewDesk, ReviewState, RunWish } from "../../reviews/index.js";
import type { RunApprovals } from "../../runbooks/index.js";

/** A run waits at the same desk as statements do, by the same rules of who may approve. */
export function createRunApprovals(desk: ReviewDesk): RunApprovals {
  return {
    async ask(request, decided) {
      const run = wishOf(request);
      const held = await desk.hold(
        {
          subject: request.asker ?? request.subject,
          onBehalfOf: null,
          connection: request.connection,
          // A run is nobody's session.
          session: null,
          statement: null,
          run,
          digest: request.digest,
          text: textOf(run),
          values: null,
          database: null,
          role: null,
          analysis: null,
          terms: [request.terms],
          reasons: [{ rule: request.terms.rule, code: "runbook-review", text: request.why }],
          transaction: [],
        },
        (state) => {
          const decision = decisionOf(state);
          if (decision) decided(decision);
        },
      );
      return { review: held.id, leave: (why) => held.leave(why) };
    },
    use: (review, digest) => desk.consume(review, digest),
  };
}

type Asked = Parameters<RunApprovals["ask"]>[0];

function wishOf({ run, runbook, subject, parameters, steps }: Asked): RunWish {
  return {
    run,
    runbook: runbook.name,
    version: runbook.version,
    runsAs: subject.name,
    parameters: Object.entries(parameters).map(([name, value]) => ({
      name,
      value: value === null ? null : String(value),
    })),
    steps: steps.map(({ name, phase, connection, when, sends, outcome, reasons }) => ({
      ...{ name, phase, connection, when, sends, outcome, reasons },
    })),
  };
}

/** The whole of it in one text, for who reads it so. */
function textOf({ runbook, version, parameters, steps }: RunWish): string {
  const given = Object.fromEntries(parameters.map(({ name, value }) => [name, value]));
  const parts = steps.map(
    ({ name, phase, connection, when, sends }) =>
      `-- ${phase} ${name} on ${connection}${when === null ? "" : `, when ${when}`}\n${sends}`,
  );
  return [`runbook ${runbook}, version ${version}, with ${JSON.stringify(given)}`, ...parts].join("\n\n");
}

function decisionOf(state: ReviewState): { readonly approved: boolean; readonly why: string } | null {
  switch (state.state) {
    case "pending":
      return null;
    case "approved":
      return { approved: true, why: "" };
    case "denied":
      return { approved: false, why: `${state.by} denied it${state.reason ? `: ${state.reason}` : ""}` };
    case "expired":
      return { approved: false, why: "nobody approved it in time" };
    default:
      return { approved: false, why: `its review was ${state.state}` };
  }
}
