import { Button, Text } from "@mantine/core";
import { useMutation } from "@tanstack/react-query";
import { useState } from "react";
import { asProblem } from "../../api/problem.js";
import { write } from "../../api/request.js";
import type { SignedIn, SignInStep } from "../../api/types.js";
import { CodeField } from "../../second-factor/code-field.js";
import { askPasskey, passkeysWork } from "../../second-factor/passkeys.js";
import { ProblemAlert } from "../../ui/problem-alert.js";

interface StepProps {
  readonly step: SignInStep;
  readonly onEntered: (answer: SignedIn) => Promise<void>;
  readonly onStartOver: () => void;
}

/** The second factor of a sign-in: a code, or a passkey. */
export function FactorStep({ step, onEntered, onStartOver }: StepProps) {
  const { pending, methods } = step;
  const [code, setCode] = useState("");
  const totp = methods.includes("totp");
  const byCode = totp || methods.includes("recovery-code");
  const byPasskey = methods.includes("passkey") && passkeysWork();

  const answer = useMutation({
    mutationFn: async (wanted: "code" | "passkey") => {
      const given =
        wanted === "code"
          ? { code }
          : { passkey: await askPasskey(await write("POST", "/login/factor/passkey", { body: { pending } })) };
      await onEntered(await write<SignedIn>("POST", "/login/factor", { body: { pending, answer: given } }));
    },
    onError: (_error, wanted) => {
      if (wanted === "code") setCode("");
    },
  });
  const over = answer.error !== null && asProblem(answer.error).message === "this sign-in is over";

  return (
    <form
      className="form"
      onSubmit={(event) => {
        event.preventDefault();
        answer.mutate("code");
      }}
    >
      {byPasskey && (
        <>
          <Button loading={answer.isPending && answer.variables === "passkey"} onClick={() => answer.mutate("passkey")}>
            Use a passkey
          </Button>
          {byCode && <div className="or">or</div>}
        </>
      )}
      {byCode && (
        <CodeField
          label={totp ? "Code" : "Recovery code"}
          {...(totp ? { description: "Of your authenticator, or a recovery code" } : {})}
          value={code}
          onChange={setCode}
        />
      )}
      {!byCode && !byPasskey && (
        <Text size="sm">Your second factor is a passkey, and passkeys do not work at this address.</Text>
      )}
      <ProblemAlert error={answer.error} />
      <div className="form-actions">
        <Button variant="default" onClick={onStartOver}>
          {over ? "Start over" : "Back"}
        </Button>
        {byCode && (
          <Button
            type="submit"
            variant={byPasskey ? "default" : "filled"}
            disabled={over}
            loading={answer.isPending && answer.variables === "code"}
          >
            Go on
          </Button>
        )}
      </div>
    </form>
  );
}
