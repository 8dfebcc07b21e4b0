import { notifications } from "@mantine/notifications";
import { type QueryKey, useMutation, useQueryClient } from "@tanstack/react-query";

interface Change<Wanted, Answer> {
  readonly act: (wanted: Wanted) => Promise<Answer>;
  /** What is asked for again afterwards. */
  readonly touches: readonly QueryKey[];
  /** What to say when it is done. */
  readonly done?: (wanted: Wanted) => string;
}

/** A write: what it touches is asked for again, and it says when it is done. Errors are the caller's to show. */
export function useChange<Wanted, Answer = unknown>({ act, touches, done }: Change<Wanted, Answer>) {
  const queryClient = useQueryClient();
  return useMutation({
    mutationFn: act,
    onSuccess: (_answer, wanted) => {
      for (const queryKey of touches) void queryClient.invalidateQueries({ queryKey });
      if (done !== undefined)
        notifications.show({ message: done(wanted), color: "green", role: "status", withCloseButton: false });
    },
  });
}
