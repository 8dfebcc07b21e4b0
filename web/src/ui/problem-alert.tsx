import { Alert, Button, Text } from "@mantine/core";
import { asProblem } from "../api/problem.js";
import { sentence } from "./sentence.js";

/** What went wrong and what to do about it. Nothing, when nothing went wrong. */
export function ProblemAlert({ error, onRetry }: { error: unknown; onRetry?: () => void }) {
  if (error === null || error === undefined) return null;
  const problem = asProblem(error);
  return (
    <Alert color="red" variant="light" role="alert" title={sentence(problem.message)}>
      {problem.hint !== null && <Text size="sm">{sentence(problem.hint)}</Text>}
      {onRetry !== undefined && problem.status !== 403 && (
        <Button mt="xs" size="xs" variant="default" onClick={onRetry}>
          Try again
        </Button>
      )}
    </Alert>
  );
}
