import { Button } from "@mantine/core";
import type { SignInWay } from "../../api/provider-queries.js";
import { ownPath } from "./sign-in.js";

/** One button for each provider that has a sign-in page of its own. */
export function ProviderButtons({
  ways,
  to,
  first,
}: {
  ways: readonly SignInWay[];
  to: string | undefined;
  first: boolean;
}) {
  return (
    <div className="form">
      {ways.map(({ name, title, start }) => (
        <Button
          key={name}
          component="a"
          href={`${start}?${new URLSearchParams({ to: ownPath(to) })}`}
          variant={first ? "filled" : "default"}
        >
          {`Sign in with ${title}`}
        </Button>
      ))}
    </div>
  );
}
