import { useQuery, useQueryClient } from "@tanstack/react-query";
import { getRouteApi, useRouter } from "@tanstack/react-router";
import { useCallback, useMemo, useState } from "react";
import type { Problem } from "../../api/problem.js";
import { signInWaysQuery } from "../../api/provider-queries.js";
import type { SignedIn, SignInStep } from "../../api/types.js";
import { RecoveryCodes } from "../../second-factor/recovery-codes.js";
import { ProblemAlert } from "../../ui/problem-alert.js";
import { SignInCard } from "./card.js";
import { EnrolStep } from "./enrol-step.js";
import { FactorStep } from "./factor-step.js";
import { PasswordStep } from "./password-step.js";
import { ProviderButtons } from "./provider-buttons.js";
import { enter, ownPath } from "./sign-in.js";
import { useContinued } from "./use-continued.js";

const route = getRouteApi("/login");

/** A provider, or a password, then what the gateway asks for; or a passkey alone. */
export function LoginPage() {
  const { to, step: continued } = route.useSearch();
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
  const ways = useQuery({ ...signInWaysQuery, retry: 1 });
  const [problem, setProblem] = useState<Problem | null>(null);
  const onStep = useCallback((next: SignInStep) => setStep(next), []);
  const onProblem = useCallback((told: Problem) => setProblem(told), []);
  useContinued(
    continued !== undefined,
    useMemo(() => ({ onStep, onProblem }), [onStep, onProblem]),
  );
  const elsewhere = ways.data?.items.filter(({ start }) => start !== null) ?? [];
  const directories = ways.data?.items.filter(({ start }) => start === null) ?? [];
  const local = ways.data?.localPasswords ?? true;

  if (codes !== null)
    return (
      <SignInCard title="Your recovery codes">
        <RecoveryCodes codes={codes} onDone={go} />
      </SignInCard>
    );
  if (step === null)
    return (
      <SignInCard title="Sign in">
        <ProblemAlert error={problem} />
        {elsewhere.length > 0 && (
          <>
            <ProviderButtons ways={elsewhere} to={to} first />
            <div className="or">or</div>
          </>
        )}
        <PasswordStep
          directories={directories}
          local={local}
          second={elsewhere.length > 0}
          onDone={go}
          onStep={setStep}
          onEntered={entered}
        />
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
