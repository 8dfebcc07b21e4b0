import { Button, Text } from "@mantine/core";
import { useMutation } from "@tanstack/react-query";
import { useState } from "react";
import type { TotpOffer } from "../api/types.js";
import { CopyButton } from "../ui/copy-button.js";
import { ProblemAlert } from "../ui/problem-alert.js";
import { CodeField } from "./code-field.js";

interface TotpSetupProps {
  readonly offer: TotpOffer;
  /** Finishes it with the code that the authenticator shows. */
  readonly finish: (code: string) => Promise<unknown>;
  readonly verb: string;
}

/** The picture to scan, the secret to type, and the code that proves that it worked. */
export function TotpSetup({ offer, finish, verb }: TotpSetupProps) {
  const [code, setCode] = useState("");
  const confirm = useMutation({ mutationFn: () => finish(code), onError: () => setCode("") });
  return (
    <form
      className="form"
      onSubmit={(event) => {
        event.preventDefault();
        confirm.mutate();
      }}
    >
      <Text size="sm">Scan this with an authenticator, then type the six digits that it shows.</Text>
      <img className="qr" src={offer.qr} width={208} height={208} alt="QR code with the secret below" />
      <div className="command">
        <code>{offer.secret.match(/.{1,4}/g)?.join(" ")}</code>
        <CopyButton text={offer.secret} label="Copy the secret" />
      </div>
      <CodeField label="Code" digits value={code} onChange={setCode} />
      <ProblemAlert error={confirm.error} />
      <div className="form-actions">
        <Button type="submit" loading={confirm.isPending}>
          {verb}
        </Button>
      </div>
    </form>
  );
}
