import { Button, Textarea } from "@mantine/core";
import { Fragment, useState } from "react";
import { write } from "../../api/request.js";
import type { Review, ReviewComment, ReviewDecision } from "../../api/review-types.js";
import { ProblemAlert } from "../../ui/problem-alert.js";
import { RelativeTime } from "../../ui/relative-time.js";
import { useChange } from "../../ui/use-change.js";

const verdicts: Readonly<Record<ReviewDecision["verdict"], readonly [words: string, tone: string]>> = {
  approve: ["approved", "good"],
  deny: ["denied", "bad"],
  "break-glass": ["broke the glass", "bad"],
};

/** What was decided and said, in the order of time, and a place to say more. */
export function Talk({ review }: { review: Review }) {
  const said = [
    ...review.decisions.map((decision) => ({
      at: decision.at,
      key: `d ${decision.by.id}`,
      node: <Decision decision={decision} />,
    })),
    ...review.comments.map((comment) => ({
      at: comment.at,
      key: `c ${comment.n}`,
      node: <Comment comment={comment} />,
    })),
  ].sort((one, other) => one.at.localeCompare(other.at));
  return (
    <section className="stack" aria-label="Decisions and comments">
      <h2 className="section-title">Decisions and comments</h2>
      {said.length > 0 && (
        <ol className="timeline">
          {said.map(({ key, node }) => (
            <Fragment key={key}>{node}</Fragment>
          ))}
        </ol>
      )}
      <CommentForm id={review.id} />
    </section>
  );
}

function Decision({ decision: { by, verdict, reason, at, counts } }: { decision: ReviewDecision }) {
  const [words, tone] = verdicts[verdict];
  return (
    <li className="entry" data-tone={counts ? tone : undefined}>
      <div className="entry-head">
        <strong>{by.name}</strong> {words}
        <span className="dim">
          <RelativeTime at={at} past />
        </span>
        {!counts && <span className="dim">(counts no more: disabled, or left the group)</span>}
      </div>
      {reason !== null && <p className="said">{reason}</p>}
    </li>
  );
}

function Comment({ comment: { by, text, at } }: { comment: ReviewComment }) {
  return (
    <li className="entry">
      <div className="entry-head">
        <strong>{by.name}</strong>
        <span className="dim">
          <RelativeTime at={at} past />
        </span>
      </div>
      <p className="said">{text}</p>
    </li>
  );
}

function CommentForm({ id }: { id: string }) {
  const [text, setText] = useState("");
  const comment = useChange({
    act: (wanted: string) => write("POST", `/reviews/${id}/comments`, { body: { text: wanted } }),
    touches: [["reviews", "one", id]],
  });
  return (
    <form
      className="form"
      onSubmit={(event) => {
        event.preventDefault();
        comment.mutate(text.trim(), { onSuccess: () => setText("") });
      }}
    >
      <Textarea
        label="Comment"
        description="Who asked and those who decide see it"
        autosize
        minRows={2}
        maxRows={8}
        maxLength={4_000}
        value={text}
        onChange={(event) => setText(event.currentTarget.value)}
      />
      <ProblemAlert error={comment.error} />
      <div className="form-actions">
        <Button type="submit" variant="default" disabled={text.trim() === ""} loading={comment.isPending}>
          Comment
        </Button>
      </div>
    </form>
  );
}
