import { useQueryClient } from "@tanstack/react-query";
import { getRouteApi, useRouter } from "@tanstack/react-router";
import { useState } from "react";
import type { SignedIn, SignInStep } from "../../api/types.js";
import { RecoveryCodes } from "../../second-factor/recovery-codes.js";
import { SignInCard } from "./card.js";
import { EnrolStep } from "./enrol-step.js";
import { FactorStep } from "./factor-step.js";
import { PasswordStep } from "./password-step.js";
import { enter, ownPath } from "./sign-in.js";

const route = getRouteApi("/login");

/** Password, then what the gateway asks for; or a passkey alone. */
export function LoginPage() {
  const { to } = route.useSearch();
  const router = useRouter();
  const queryClient = useQueryClient();
  const [step, setStep] = useState<SignInStep | null>(null);
  const [codes, setCodes] = useState<readonly string[] | null>(null);

  const go = () => router.history.replace(ownPath(to));
  const entered = async (answer: SignedIn) => {
    await enter(queryClient, answer);
    if (answer.recoveryCodes) setCodes(answer.recoveryCodes);
    else go();
  };
  const startOver = () => setStep(null);

  if (codes !== null)
    return (
      <SignInCard title="Your recovery codes">
        <RecoveryCodes codes={codes} onDone={go} />
      </SignInCard>
    );
  if (step === null)
    return (
      <SignInCard title="Sign in">
        <PasswordStep onDone={go} onStep={setStep} onEntered={entered} />
      </SignInCard>
    );
  return step.state === "factor" ? (
    <SignInCard title="Second factor">
      <FactorStep step={step} onEntered={entered} onStartOver={startOver} />
    </SignInCard>
  ) : (
    <SignInCard title="Set up a second factor">
      <EnrolStep step={step} onEntered={entered} onStartOver={startOver} />
    </SignInCard>
  );
}
