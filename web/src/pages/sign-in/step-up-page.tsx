import { Text } from "@mantine/core";
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { getRouteApi, Link } from "@tanstack/react-router";
import { factorsQuery, questionQuery } from "../../api/queries.js";
import type { Question } from "../../api/types.js";
import { useMe } from "../../layout/use-me.js";
import { AnswerForm } from "../../second-factor/answer-form.js";
import { CodeBlock } from "../../ui/code-block.js";
import { QueryView } from "../../ui/query-view.js";
import { RelativeTime } from "../../ui/relative-time.js";
import { SignInCard } from "./card.js";

const route = getRouteApi("/signed-in/step-up/$question");

/** What a rule asks the second factor for, and the answer. */
export function StepUpPage() {
  const { question: id } = route.useParams();
  const question = useQuery(questionQuery(id));
  return (
    <SignInCard title="Confirm that it is you">
      <QueryView query={question}>{(data) => <Asked question={data} />}</QueryView>
    </SignInCard>
  );
}

const endings = {
  answered: "Answered. What waited goes on; you can close this page.",
  closed: "Nobody waits for this answer any more. Start again what asked for it.",
  expired: "This question has expired. Start again what asked for it.",
} as const;

function Asked({ question }: { question: Question }) {
  const { subject } = useMe();
  const queryClient = useQueryClient();
  if (question.state !== "pending") return <Text role="status">{endings[question.state]}</Text>;
  return (
    <>
      <Text size="sm">
        A rule asks <strong>{subject.name}</strong> for a second factor. Go on only if you have just done this yourself.
      </Text>
      <dl className="facts">
        <dt>Connection</dt>
        <dd className="mono">{question.connection}</dd>
        <dt>Question</dt>
        <dd className="mono">{question.id}</dd>
        <dt>Expires</dt>
        <dd>
          <RelativeTime at={question.expires} />
        </dd>
      </dl>
      {question.shown === null ? (
        <Text size="sm" className="dim">
          It is asked for opening the connection, or for a statement that cannot be shown.
        </Text>
      ) : (
        <CodeBlock label="Statement">{question.shown}</CodeBlock>
      )}
      <Factors
        challenge={question.id}
        onAnswered={() => void queryClient.invalidateQueries({ queryKey: ["question", question.id] })}
      />
    </>
  );
}

function Factors({ challenge, onAnswered }: { challenge: string; onAnswered: () => void }) {
  const factors = useQuery(factorsQuery);
  return (
    <QueryView query={factors}>
      {(data) =>
        data.items.length === 0 ? (
          <Text size="sm">
            You have no second factor.{" "}
            <Link className="text-link" to="/profile">
              Set one up
            </Link>
          </Text>
        ) : (
          <AnswerForm aim={{ challenge }} factors={data} verb="Confirm" onAnswered={onAnswered} />
        )
      }
    </QueryView>
  );
}
