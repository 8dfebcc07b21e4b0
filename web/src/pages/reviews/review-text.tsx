import { Button } from "@mantine/core";
import { useMutation } from "@tanstack/react-query";
import { readContent } from "../../api/review-queries.js";
import type { Review, ReviewContent } from "../../api/review-types.js";
import { CodeBlock } from "../../ui/code-block.js";
import { ProblemAlert } from "../../ui/problem-alert.js";
import { VisibleText } from "../../ui/visible-text.js";
import { RunView } from "./run-view.js";

/** What is held, as it was sent: the text, its values, and what ran before it in the same transaction. */
export function ReviewText({ review }: { review: Review }) {
  const whole = useMutation({ mutationFn: () => readContent(review.id) });
  if (review.kind === "access" || review.kind === "reveal") return null;
  if (review.run !== null) return <RunView review={review.id} run={review.run} />;
  const content: ReviewContent | undefined = whole.data;
  const text = content?.text ?? review.text;
  const values = content?.values ?? review.values;
  const transaction = content?.transaction ?? review.transaction;
  const cut =
    content === undefined &&
    (review.text === null ||
      review.textLength > review.text.length ||
      review.valuesCount > (review.values?.length ?? 0) ||
      review.transactionCount > review.transaction.length);
  return (
    <section className="card stack" aria-label="What is held">
      <h2 className="section-title">What is held</h2>
      {transaction.length > 0 && (
        <details className="entry-details">
          <summary>
            {review.transactionCount === 1 ? "1 statement" : `${review.transactionCount} statements`} before it in the
            same transaction
          </summary>
          <CodeBlock label="Earlier in the transaction" className="code-tall">
            <VisibleText text={transaction.join(";\n")} />
          </CodeBlock>
        </details>
      )}
      <CodeBlock label="Text" className="code-tall code-wrap">
        <VisibleText text={text ?? review.analysis?.shape ?? "(not shown)"} />
      </CodeBlock>
      {text === null && (
        <p className="small dim dialog-text">
          This is its shape. The text itself is for those who decide; your looking at it is recorded.
        </p>
      )}
      {values !== null && values.length > 0 && <Values values={values} />}
      <ProblemAlert error={whole.error} />
      {cut && (
        <div>
          <Button variant="default" size="compact-sm" loading={whole.isPending} onClick={() => whole.mutate()}>
            {review.text === null ? "Look at the text" : "Show the whole"}
          </Button>
        </div>
      )}
    </section>
  );
}

function Values({ values }: { values: readonly (string | null)[] }) {
  return (
    <dl className="facts review-values">
      {values.map((value, i) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: a value is known by its number
        <div key={i} className="review-value">
          <dt className="mono">${i + 1}</dt>
          <dd className="mono">{value === null ? <em className="dim">NULL</em> : <VisibleText text={value} />}</dd>
        </div>
      ))}
    </dl>
  );
}
