import { Button } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { versionQuery } from "../../api/queries.js";
import { useMe } from "../../layout/use-me.js";
import { useSignOut } from "../../layout/use-sign-out.js";
import { Page } from "../../ui/page.js";
import { ProblemAlert } from "../../ui/problem-alert.js";
import { RelativeTime } from "../../ui/relative-time.js";
import { Logins } from "./logins.js";
import { PasswordForm } from "./password-form.js";
import { SecondFactors } from "./second-factors.js";

export function ProfilePage() {
  const { subject, expires } = useMe();
  const version = useQuery(versionQuery);
  const signOut = useSignOut();
  return (
    <Page
      title="Profile"
      actions={
        <Button variant="default" loading={signOut.isPending} onClick={() => signOut.mutate()}>
          Sign out
        </Button>
      }
    >
      <ProblemAlert error={signOut.error} />
      <section className="card">
        <dl className="facts">
          <dt>You are</dt>
          <dd>
            <strong>{subject.name}</strong>
            {subject.kind !== "person" && `, ${subject.kind === "agent" ? "an AI agent" : "a service account"}`}
          </dd>
          {subject.email !== undefined && (
            <>
              <dt>E-mail</dt>
              <dd>{subject.email}</dd>
            </>
          )}
          <dt>Groups</dt>
          <dd>{subject.groups.join(", ") || "none: ask an admin which you need"}</dd>
          <dt>This login ends</dt>
          <dd>
            <RelativeTime at={expires} />
          </dd>
          <dt>Gateway</dt>
          <dd>Hoop {version.data?.version ?? "…"}</dd>
        </dl>
      </section>
      <SecondFactors />
      <Logins />
      <PasswordForm />
    </Page>
  );
}
