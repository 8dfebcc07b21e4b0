import { Button, PasswordInput, Text, TextInput } from "@mantine/core";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { getRouteApi, Link, useRouter } from "@tanstack/react-router";
import { useEffect, useState } from "react";
import { setupQuery } from "../../api/queries.js";
import { write } from "../../api/request.js";
import { ProblemAlert } from "../../ui/problem-alert.js";
import { QueryView } from "../../ui/query-view.js";
import { SignInCard } from "./card.js";
import { signIn } from "./sign-in.js";

const route = getRouteApi("/setup");

export function SetupPage() {
  const setup = useQuery(setupQuery);
  return (
    <SignInCard title="Set up Hoop">
      <QueryView query={setup}>
        {({ needed }) =>
          needed ? (
            <SetupForm />
          ) : (
            <Text size="sm">
              This gateway has its first admin already.{" "}
              <Link className="text-link" to="/login">
                Sign in
              </Link>
            </Text>
          )
        }
      </QueryView>
    </SignInCard>
  );
}

function SetupForm() {
  const search = route.useSearch();
  const router = useRouter();
  const queryClient = useQueryClient();
  const [token, setToken] = useState(search.token ?? "");
  const [name, setName] = useState("");
  const [password, setPassword] = useState("");

  // The token should not stay in the address, where a screenshot or the history would show it.
  useEffect(() => {
    if (search.token !== undefined) void router.navigate({ to: "/setup", replace: true });
  }, [router, search.token]);

  const create = useMutation({
    mutationFn: async () => {
      await write("POST", "/setup", { body: { token: token.trim(), name: name.trim(), password } });
      return signIn(queryClient, name.trim(), password);
    },
    onSuccess: (step) => router.history.replace(step === null ? "/connections" : "/login"),
  });

  return (
    <form
      className="form"
      onSubmit={(event) => {
        event.preventDefault();
        create.mutate();
      }}
    >
      <Text size="sm" className="dim">
        You become the first admin. The gateway printed a setup token when it started.
      </Text>
      <TextInput
        label="Setup token"
        autoComplete="off"
        spellCheck={false}
        required
        autoFocus={token === ""}
        value={token}
        onChange={(event) => setToken(event.currentTarget.value)}
      />
      <TextInput
        label="User"
        description="Your own name, in small letters: it stands beside everything you do"
        autoComplete="username"
        autoCapitalize="none"
        spellCheck={false}
        required
        autoFocus={token !== ""}
        value={name}
        onChange={(event) => setName(event.currentTarget.value)}
      />
      <PasswordInput
        label="Password"
        autoComplete="new-password"
        required
        value={password}
        onChange={(event) => setPassword(event.currentTarget.value)}
      />
      <ProblemAlert error={create.error} />
      <Button type="submit" loading={create.isPending}>
        Create the first admin
      </Button>
    </form>
  );
}
