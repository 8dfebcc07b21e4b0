import { Button, NativeSelect, PasswordInput, TextInput } from "@mantine/core";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import type { SignInWay } from "../../api/provider-queries.js";
import { write } from "../../api/request.js";
import type { SignedIn, SignInStep } from "../../api/types.js";
import { askPasskey, passkeysWork } from "../../second-factor/passkeys.js";
import { ProblemAlert } from "../../ui/problem-alert.js";
import { signIn } from "./sign-in.js";

interface PasswordStepProps {
  /** Providers that know passwords, which are typed here. */
  readonly directories: readonly SignInWay[];
  /** False: passwords of Hoop's own are for emergencies. */
  readonly local: boolean;
  /** Other ways stand above it. */
  readonly second: boolean;
  readonly onDone: () => void;
  readonly onStep: (step: SignInStep) => void;
  readonly onEntered: (answer: SignedIn) => Promise<void>;
}

export function PasswordStep({ directories, local, second, onDone, onStep, onEntered }: PasswordStepProps) {
  const [chosen, setChosen] = useState<string | null>(null);
  const provider = chosen ?? directories[0]?.name ?? "";
  const queryClient = useQueryClient();
  const [name, setName] = useState("");
  const [password, setPassword] = useState("");
  const login = useMutation({
    mutationFn: () => signIn(queryClient, name.trim(), password, provider),
    onSuccess: (step) => (step === null ? onDone() : onStep(step)),
    onError: () => setPassword(""),
  });
  const passkey = useMutation({
    mutationFn: async () => {
      const answer = await askPasskey(await write("POST", "/login/passkey/options"));
      await onEntered(await write<SignedIn>("POST", "/login/passkey", { body: { passkey: answer, as: "browser" } }));
    },
  });
  const busy = login.isPending || passkey.isPending;
  return (
    <form
      className="form"
      onSubmit={(event) => {
        event.preventDefault();
        passkey.reset();
        login.mutate();
      }}
    >
      {directories.length > 0 && (
        <NativeSelect
          label="Account"
          data={[
            ...directories.map(({ name: value, title: label }) => ({ value, label })),
            { value: "", label: local ? "Hoop's own" : "Hoop's own, for emergencies" },
          ]}
          value={provider}
          onChange={(event) => setChosen(event.currentTarget.value)}
        />
      )}
      <TextInput
        label="User"
        autoComplete="username"
        autoCapitalize="none"
        spellCheck={false}
        required
        autoFocus={!second}
        value={name}
        onChange={(event) => setName(event.currentTarget.value)}
      />
      <PasswordInput
        label="Password"
        autoComplete="current-password"
        required
        value={password}
        onChange={(event) => setPassword(event.currentTarget.value)}
      />
      <ProblemAlert error={login.error ?? passkey.error} />
      <Button type="submit" variant={second ? "default" : "filled"} loading={login.isPending} disabled={busy}>
        Sign in
      </Button>
      {passkeysWork() && (
        <>
          <div className="or">or</div>
          <Button
            variant="default"
            loading={passkey.isPending}
            disabled={busy}
            onClick={() => {
              login.reset();
              passkey.mutate();
            }}
          >
            Use a passkey
          </Button>
        </>
      )}
    </form>
  );
}
