import { useEffect, useRef } from "react";
import { asProblem, Problem } from "../../api/problem.js";
import { write } from "../../api/request.js";
import type { SignInStep } from "../../api/types.js";

/** Back from a provider: what comes next, or what went wrong, is asked of the gateway, once. Nothing of it is in the address. */
export function useContinued(
  wanted: boolean,
  then: { readonly onStep: (step: SignInStep) => void; readonly onProblem: (problem: Problem) => void },
): void {
  const asked = useRef(false);
  useEffect(() => {
    if (!wanted || asked.current) return;
    asked.current = true;
    write<{ step: SignInStep | null; problem: string | null }>("POST", "/login/continue", { body: {} }).then(
      ({ step, problem }) => {
        if (step !== null) then.onStep(step);
        else if (problem !== null) then.onProblem(new Problem(401, "unauthenticated", problem));
      },
      (error: unknown) => then.onProblem(asProblem(error)),
    );
  }, [wanted, then]);
}
