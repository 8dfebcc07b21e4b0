import { useRouter } from "@tanstack/react-router";
import { ProblemAlert } from "../ui/problem-alert.js";

/** What a page cannot show at all: the gateway is away, or the page is of an older build than its code. */
export function RouteError({ error }: { error: unknown }) {
  const router = useRouter();
  return (
    <div className="centre">
      <title>Hoop</title>
      <ProblemAlert error={error} onRetry={() => void router.invalidate()} />
    </div>
  );
}
