import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { asProblem } from "../api/problem.js";
import { rememberCsrfToken, write } from "../api/request.js";

/** Ends this browser's login and forgets everything that it showed. */
export function useSignOut() {
  const queryClient = useQueryClient();
  const navigate = useNavigate();
  return useMutation({
    mutationFn: async () => {
      await write("POST", "/logout").catch((error: unknown) => {
        // The login had ended already.
        if (asProblem(error).status !== 401) throw error;
      });
    },
    onSuccess: async () => {
      await navigate({ to: "/login", replace: true });
      rememberCsrfToken(null);
      queryClient.clear();
    },
  });
}
