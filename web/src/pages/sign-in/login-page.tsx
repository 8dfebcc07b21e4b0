import { Button, PasswordInput, TextInput } from "@mantine/core";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { getRouteApi, useRouter } from "@tanstack/react-router";
import { useState } from "react";
import { ProblemAlert } from "../../ui/problem-alert.js";
import { SignInCard } from "./card.js";
import { ownPath, signIn } from "./sign-in.js";

const route = getRouteApi("/login");

export function LoginPage() {
  const { to } = route.useSearch();
  const router = useRouter();
  const queryClient = useQueryClient();
  const [name, setName] = useState("");
  const [password, setPassword] = useState("");
  const login = useMutation({
    mutationFn: () => signIn(queryClient, name.trim(), password),
    onSuccess: () => router.history.replace(ownPath(to)),
    onError: () => setPassword(""),
  });
  return (
    <SignInCard title="Sign in">
      <form
        className="form"
        onSubmit={(event) => {
          event.preventDefault();
          login.mutate();
        }}
      >
        <TextInput
          label="User"
          autoComplete="username"
          autoCapitalize="none"
          spellCheck={false}
          required
          autoFocus
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
        <ProblemAlert error={login.error} />
        <Button type="submit" loading={login.isPending}>
          Sign in
        </Button>
      </form>
    </SignInCard>
  );
}
