/** Statements and accesses that may wait for people on one replica at the same time. */
export interface Places {
  /** Takes one for somebody; null: all are taken, or theirs. The answer gives it back, once. */
  take(who: string): (() => void) | null;
  readonly taken: number;
}

/** Each one keeps a client, a lane and a connection at the target: so many and no more. */
export const mostWaiting = 1_000;
/** And so many of one subject: the same thing asked in many sessions is one review, yet each of them waits. */
export const mostWaitingOfOne = 100;

export function createPlaces(most: number = mostWaiting, mostOfOne: number = mostWaitingOfOne): Places {
  let taken = 0;
  const bySubject = new Map<string, number>();
  return {
    take(who) {
      const own = bySubject.get(who) ?? 0;
      if (taken >= most || own >= mostOfOne) return null;
      taken++;
      bySubject.set(who, own + 1);
      let back = false;
      return () => {
        if (back) return;
        back = true;
        taken--;
        const left = (bySubject.get(who) ?? 1) - 1;
        if (left > 0) bySubject.set(who, left);
        else bySubject.delete(who);
      };
    },
    get taken() {
      return taken;
    },
  };
}
