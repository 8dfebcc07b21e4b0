import { Button, PasswordInput } from "@mantine/core";
import { useState } from "react";
import { write } from "../../api/request.js";
import { useMe } from "../../layout/use-me.js";
import { ProblemAlert } from "../../ui/problem-alert.js";
import { useChange } from "../../ui/use-change.js";

export function PasswordForm() {
  const { subject } = useMe();
  const [current, setCurrent] = useState("");
  const [password, setPassword] = useState("");
  const change = useChange({
    act: () => write("PUT", "/me/password", { body: { current, password } }),
    touches: [["logins"]],
    done: () => "The password is changed; every other login of yours has ended",
  });
  return (
    <section className="card">
      <h2 className="section-title">Change your password</h2>
      <form
        className="form"
        onSubmit={(event) => {
          event.preventDefault();
          change.mutate(undefined, {
            onSuccess: () => {
              setCurrent("");
              setPassword("");
            },
          });
        }}
      >
        {/* Tells password stores whose it is. */}
        <input type="text" name="username" autoComplete="username" value={subject.name} readOnly hidden />
        <div className="form-pair">
          <PasswordInput
            label="Current password"
            autoComplete="current-password"
            required
            value={current}
            onChange={(event) => setCurrent(event.currentTarget.value)}
          />
          <PasswordInput
            label="New password"
            autoComplete="new-password"
            required
            value={password}
            onChange={(event) => setPassword(event.currentTarget.value)}
          />
        </div>
        <ProblemAlert error={change.error} />
        <div className="form-actions">
          <Button type="submit" variant="default" loading={change.isPending}>
            Change it
          </Button>
        </div>
      </form>
    </section>
  );
}
