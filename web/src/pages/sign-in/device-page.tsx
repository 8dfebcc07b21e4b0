import { Button, Text, TextInput } from "@mantine/core";
import { useMutation, useQuery } from "@tanstack/react-query";
import { getRouteApi, useNavigate } from "@tanstack/react-router";
import { useState } from "react";
import { deviceQuery } from "../../api/queries.js";
import { write } from "../../api/request.js";
import type { DeviceLogin } from "../../api/types.js";
import { useMe } from "../../layout/use-me.js";
import { ProblemAlert } from "../../ui/problem-alert.js";
import { QueryView } from "../../ui/query-view.js";
import { RelativeTime } from "../../ui/relative-time.js";
import { SignInCard } from "./card.js";

const route = getRouteApi("/signed-in/login/device");

export function DevicePage() {
  const { code } = route.useSearch();
  return (
    <SignInCard title="Sign a program in">{code === undefined ? <CodeForm /> : <Waiting code={code} />}</SignInCard>
  );
}

function CodeForm() {
  const navigate = useNavigate();
  const [code, setCode] = useState("");
  return (
    <form
      className="form"
      onSubmit={(event) => {
        event.preventDefault();
        void navigate({ to: "/login/device", search: { code: code.trim() } });
      }}
    >
      <TextInput
        label="Code"
        description="The program that you have just started shows it"
        autoComplete="off"
        spellCheck={false}
        required
        autoFocus
        maxLength={20}
        className="mono"
        value={code}
        onChange={(event) => setCode(event.currentTarget.value)}
      />
      <Button type="submit">Go on</Button>
    </form>
  );
}

function Waiting({ code }: { code: string }) {
  const device = useQuery(deviceQuery(code));
  const navigate = useNavigate();
  return (
    <>
      <QueryView query={device}>{(login) => <Approval code={code} login={login} />}</QueryView>
      {device.error !== null && (
        <Button variant="default" onClick={() => void navigate({ to: "/login/device", search: {} })}>
          Type another code
        </Button>
      )}
    </>
  );
}

function Approval({ code, login }: { code: string; login: DeviceLogin }) {
  const { subject } = useMe();
  const answer = useMutation({
    mutationFn: (wanted: "approved" | "denied") =>
      write("POST", `/login/device/${encodeURIComponent(code)}`, { body: { answer: wanted } }),
  });
  if (answer.isSuccess) {
    return (
      <Text role="status">
        {answer.variables === "approved"
          ? `${login.client} is signed in as ${subject.name}. You can close this page.`
          : `${login.client} was denied. You can close this page.`}
      </Text>
    );
  }
  return (
    <>
      <Text size="sm">
        A program wants to sign in as <strong>{subject.name}</strong>. Go on only if you have just started it and it
        shows this very code.
      </Text>
      <dl className="facts">
        <dt>Code</dt>
        <dd className="mono">{code}</dd>
        <dt>Program</dt>
        <dd>{login.client}</dd>
        <dt>Address</dt>
        <dd className="mono">{login.address}</dd>
        <dt>Expires</dt>
        <dd>
          <RelativeTime at={login.expires} />
        </dd>
      </dl>
      <ProblemAlert error={answer.error} />
      <div className="form-actions">
        <Button variant="default" disabled={answer.isPending} onClick={() => answer.mutate("denied")}>
          Deny
        </Button>
        <Button loading={answer.isPending} onClick={() => answer.mutate("approved")}>
          Sign it in
        </Button>
      </div>
    </>
  );
}
