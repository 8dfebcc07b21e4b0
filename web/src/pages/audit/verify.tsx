import { Alert, Button } from "@mantine/core";
import { write } from "../../api/request.js";
import type { Verified } from "../../api/types.js";
import { countText } from "../../ui/counts.js";
import { ProblemAlert } from "../../ui/problem-alert.js";
import { useChange } from "../../ui/use-change.js";

/** A long record takes its time. */
const patience = 15 * 60_000;

/** The gateway's own word on its record; quick to ask. */
export function Verify() {
  const verify = useChange({
    act: () => write<Verified>("POST", "/audit/verify", { timeout: patience }),
    // It signs where the chains stand.
    touches: [["audit"]],
  });
  return (
    <section className="card stack">
      <div className="row row-between">
        <div>
          <h2 className="section-title">Is the record whole?</h2>
          <span className="dim">The gateway checks every chain in its store.</span>
        </div>
        <Button loading={verify.isPending} onClick={() => verify.mutate(undefined)}>
          Verify now
        </Button>
      </div>
      <ProblemAlert error={verify.error} />
      {verify.data && <Result result={verify.data} />}
    </section>
  );
}

function Result({ result: { ok, entries, chains, problems } }: { result: Verified }) {
  const checked = `${countText(entries, "entry", "entries")} in ${countText(chains, "chain")}`;
  if (ok) {
    return (
      <Alert color="green" variant="light" role="status" title="Whole">
        {checked}: none is altered, missing or out of order.
      </Alert>
    );
  }
  return (
    <Alert color="red" variant="light" role="alert" title="The record is damaged">
      {checked} were checked.
      <ul className="reasons">
        {problems.map((problem) => (
          <li key={problem}>{problem}</li>
        ))}
      </ul>
    </Alert>
  );
}
