import { Button, Text } from "@mantine/core";
import { useMutation } from "@tanstack/react-query";
import { useState } from "react";
import { write } from "../api/request.js";
import type { Factors } from "../api/types.js";
import { ProblemAlert } from "../ui/problem-alert.js";
import { CodeField } from "./code-field.js";
import { askPasskey, passkeysWork } from "./passkeys.js";

interface AnswerFormProps {
  /** One question, or the account itself. */
  readonly aim: { readonly challenge?: string };
  readonly factors: Factors;
  readonly verb: string;
  readonly onAnswered: () => void;
}

/** Answers a second factor while signed in. */
export function AnswerForm({ aim, factors, verb, onAnswered }: AnswerFormProps) {
  const [code, setCode] = useState("");
  const totp = factors.items.some(({ kind }) => kind === "totp");
  const byCode = totp || factors.recoveryCodes > 0;
  const byPasskey =
    passkeysWork() && factors.items.some(({ kind, site }) => kind === "passkey" && site === location.hostname);
  const answer = useMutation({
    mutationFn: async (wanted: "code" | "passkey") => {
      const given =
        wanted === "code"
          ? { code }
          : { passkey: await askPasskey(await write("POST", "/me/step-up/options", { body: aim })) };
      await write("POST", "/me/step-up", { body: { ...aim, answer: given } });
    },
    onSuccess: onAnswered,
    onError: (_error, wanted) => {
      if (wanted === "code") setCode("");
    },
  });
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
        <Text size="sm">Your passkeys belong to another address. Open the console there, or ask an admin.</Text>
      )}
      <ProblemAlert error={answer.error} />
      {byCode && (
        <div className="form-actions">
          <Button
            type="submit"
            variant={byPasskey ? "default" : "filled"}
            loading={answer.isPending && answer.variables === "code"}
          >
            {verb}
          </Button>
        </div>
      )}
    </form>
  );
}
