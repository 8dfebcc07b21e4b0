/** Statements and accesses that may wait for people on one replica at the same time. */
export interface Places {
  /** Takes one; null: all are taken. The answer gives it back, once. */
  take(): (() => void) | null;
  readonly taken: number;
}

/** Each one keeps a client, a lane and a connection at the target: so many and no more. */
export const mostWaiting = 1_000;

export function createPlaces(most: number = mostWaiting): Places {
  let taken = 0;
  return {
    take() {
      if (taken >= most) return null;
      taken++;
      let back = false;
      return () => {
        if (back) return;
        back = true;
        taken--;
      };
    },
    get taken() {
      return taken;
    },
  };
}
