import { Button } from "@mantine/core";
import { useState } from "react";
import { write } from "../../api/request.js";
import type { Review } from "../../api/review-types.js";
import { useMe } from "../../layout/use-me.js";
import { CopyButton } from "../../ui/copy-button.js";
import { ProblemAlert } from "../../ui/problem-alert.js";
import { useChange } from "../../ui/use-change.js";
import { VisibleText } from "../../ui/visible-text.js";

/** The value behind a token: shown once, to who asked, and kept nowhere but on this page. */
export function RevealedValue({ review }: { review: Review }) {
  const me = useMe();
  const [value, setValue] = useState<string | null>(null);
  const show = useChange({
    act: () => write<{ value: string }>("POST", `/reveals/${review.id}/value`),
    touches: [["reviews"]],
  });
  if (review.kind !== "reveal" || review.requester.id !== me.subject.id) return null;
  if (value === null && review.state !== "approved") return null;
  return (
    <section className="card stack" aria-label="The value">
      <h2 className="section-title">The value</h2>
      {value === null ? (
        <div className="row row-between">
          <span className="dim">It is shown once, and that you looked is recorded.</span>
          <Button
            loading={show.isPending}
            onClick={() => show.mutate(undefined, { onSuccess: (found) => setValue(found.value) })}
          >
            Show the value
          </Button>
        </div>
      ) : (
        <>
          <div className="row row-between">
            <span className="mono" role="status" aria-label="Value">
              <VisibleText text={value} />
            </span>
            <CopyButton text={value} label="Copy" />
          </div>
          <span className="dim small">It is gone when you leave this page: an approval counts once.</span>
        </>
      )}
      <ProblemAlert error={show.error} />
    </section>
  );
}
