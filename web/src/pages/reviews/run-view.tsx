import { Button } from "@mantine/core";
import { useMutation } from "@tanstack/react-query";
import { readContent } from "../../api/review-queries.js";
import type { RunWish } from "../../api/review-types.js";
import { CodeBlock } from "../../ui/code-block.js";
import { ProblemAlert } from "../../ui/problem-alert.js";
import { VisibleText } from "../../ui/visible-text.js";
import { DryRunView } from "../runbooks/dry-run-view.js";

/** What a run that waits was given, and what each of its steps would send. */
export function RunView({ review, run }: { review: string; run: RunWish }) {
  const whole = useMutation({ mutationFn: () => readContent(review) });
  const { parameters, steps } = run;
  return (
    <section className="card stack" aria-label="What is held">
      <h2 className="section-title">What it was given</h2>
      {parameters === null && (
        <p className="small dim dialog-text">
          Values and texts are for those who decide; your looking at them is recorded.
        </p>
      )}
      {parameters?.length === 0 && <p className="dim">It has no parameters.</p>}
      {parameters !== null && parameters.length > 0 && (
        <dl className="facts review-values">
          {parameters.map(({ name, value }) => (
            <div key={name} className="review-value">
              <dt className="mono">{name}</dt>
              <dd className="mono">
                {value === null ? <em className="dim">not given</em> : <VisibleText text={value} />}
              </dd>
            </div>
          ))}
        </dl>
      )}
      <h2 className="section-title">What it would do</h2>
      <DryRunView steps={steps} />
      <ProblemAlert error={whole.error} />
      {whole.data === undefined ? (
        <div>
          <Button variant="default" size="compact-sm" loading={whole.isPending} onClick={() => whole.mutate()}>
            {parameters === null ? "Look at the text" : "Show the whole"}
          </Button>
        </div>
      ) : (
        <CodeBlock label="Text" className="code-tall code-wrap">
          <VisibleText text={whole.data.text} />
        </CodeBlock>
      )}
    </section>
  );
}
