import { Button, Text } from "@mantine/core";
import { useMutation } from "@tanstack/react-query";
import { write } from "../../api/request.js";
import type { SignedIn, SignInStep, TotpOffer } from "../../api/types.js";
import { passkeyName } from "../../second-factor/passkey-name.js";
import { makePasskey, passkeysWork } from "../../second-factor/passkeys.js";
import { TotpSetup } from "../../second-factor/totp-setup.js";
import { ProblemAlert } from "../../ui/problem-alert.js";

interface StepProps {
  readonly step: SignInStep;
  readonly onEntered: (answer: SignedIn) => Promise<void>;
  readonly onStartOver: () => void;
}

/** A second factor must be made before anything else: an authenticator or a passkey. */
export function EnrolStep({ step: { pending }, onEntered, onStartOver }: StepProps) {
  const finish = async (factor: Record<string, unknown>) =>
    onEntered(await write<SignedIn>("POST", "/login/enrol", { body: { pending, factor } }));
  const totp = useMutation({
    mutationFn: () => write<TotpOffer>("POST", "/login/enrol/totp", { body: { pending } }),
  });
  const passkey = useMutation({
    mutationFn: async () => {
      const made = await makePasskey(await write("POST", "/login/enrol/passkey", { body: { pending } }));
      await finish({ name: passkeyName(), passkey: made });
    },
  });
  if (totp.data !== undefined) {
    const offer = totp.data;
    return <TotpSetup offer={offer} verb="Sign in" finish={(code) => finish({ totp: offer.id, code })} />;
  }
  return (
    <div className="form">
      <Text size="sm">You need a second factor here, and have none yet. It takes a minute.</Text>
      {passkeysWork() && (
        <Button loading={passkey.isPending} onClick={() => passkey.mutate()}>
          Make a passkey
        </Button>
      )}
      <Button variant={passkeysWork() ? "default" : "filled"} loading={totp.isPending} onClick={() => totp.mutate()}>
        Set up an authenticator
      </Button>
      <ProblemAlert error={passkey.error ?? totp.error} />
      <div className="form-actions">
        <Button variant="subtle" onClick={onStartOver}>
          Back
        </Button>
      </div>
    </div>
  );
}
