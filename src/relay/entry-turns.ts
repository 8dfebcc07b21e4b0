import { HoopError } from "../vocabulary/index.js";

/** Lets the next one in. */
export type Leave = () => void;

/** Who is let in at once, and who waits for it. */
export interface EntryTurns {
  /**
   * Resolves when it is this lane's turn; null: it was given up before. `gone`: whether it was. Rejects with HoopError
   * `limited` when as many wait as may.
   */
  enter(who: string, gone: () => boolean): Promise<Leave | null>;
}

interface Entrance {
  busy: number;
  waiting: { readonly gone: () => boolean; readonly settle: (leave: Leave | null) => void }[];
}

/** Letting in is a few round trips: more at once would not be faster, and fewer would make a client's pool wait. */
const atOnceByDefault = 8;

/**
 * Sessions of one subject on one connection are let in a few at a time. Each costs entries in the journal and often a user at
 * the target, and a lane that is opened and given up costs its caller two frames: thousands of those must wait for each
 * other, and for nobody else, and must cost nothing once nobody wants them.
 */
export function createEntryTurns(options: { readonly waiting: number; readonly atOnce?: number }): EntryTurns {
  const { waiting: most, atOnce = atOnceByDefault } = options;
  const entrances = new Map<string, Entrance>();

  function leaveOf(who: string, entrance: Entrance): Leave {
    let left = false;
    return () => {
      if (left) return;
      left = true;
      for (let next = entrance.waiting.shift(); next !== undefined; next = entrance.waiting.shift()) {
        if (next.gone()) next.settle(null);
        else return next.settle(leaveOf(who, entrance));
      }
      if (--entrance.busy === 0) entrances.delete(who);
    };
  }

  return {
    async enter(who, gone) {
      let entrance = entrances.get(who);
      if (entrance === undefined) {
        entrance = { busy: 0, waiting: [] };
        entrances.set(who, entrance);
      }
      if (entrance.busy < atOnce) {
        entrance.busy++;
        return leaveOf(who, entrance);
      }
      if (entrance.waiting.length >= most) entrance.waiting = withoutGone(entrance.waiting);
      if (entrance.waiting.length >= most)
        throw new HoopError("limited", "as many of your sessions wait to be let in here as may", {
          hint: "connect again in a moment",
        });
      const { waiting } = entrance;
      return new Promise((settle) => waiting.push({ gone, settle }));
    },
  };
}

function withoutGone(waiting: Entrance["waiting"]): Entrance["waiting"] {
  return waiting.filter(({ gone, settle }) => {
    if (!gone()) return true;
    settle(null);
    return false;
  });
}
