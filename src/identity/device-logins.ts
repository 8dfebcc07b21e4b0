import { HoopError, type Subject } from "../vocabulary/index.js";
import { type Attempts, createLocalAttempts } from "./attempts.js";
import type { Asker, Logins, TokenPair } from "./logins.js";
import type { Approver, DeviceLogin, IdentityStore } from "./store.js";
import { addressBlock } from "./throttle.js";
import { hashToken, hashUserCode, mintToken, mintUserCode } from "./token.js";

export interface StartedDeviceLogin {
  readonly deviceCode: string;
  /** What the person types, `BCDF-GHJK`. */
  readonly userCode: string;
  readonly expires: Date;
  /** Seconds between polls. */
  readonly interval: number;
}

export type DeviceAnswer =
  | { readonly state: "pending" | "slow-down" | "denied" | "expired" }
  | { readonly state: "approved"; readonly tokens: TokenPair };

/** Signing a program in through the browser (RFC 8628). */
export interface DeviceLogins {
  start(asker: Asker): Promise<StartedDeviceLogin>;
  poll(deviceCode: string): Promise<DeviceAnswer>;
  /** What a user code stands for, to be shown before it is approved. Throws HoopError `not-found`, `limited`. */
  look(userCode: string, address: string): Promise<DeviceLogin>;
  answer(
    userCode: string,
    answer: "approved" | "denied",
    subject: Subject,
    address: string,
    approver: Approver,
  ): Promise<DeviceLogin>;
}

const lifeMs = 10 * 60_000;
const intervalMs = 2_000;
const mostPolls = 10_000;

export function createDeviceLogins({
  store,
  logins,
  now,
  attempts = createLocalAttempts(),
}: {
  store: IdentityStore;
  logins: Logins;
  now: () => number;
  attempts?: Attempts;
}): DeviceLogins {
  const polls = new Map<string, number>();

  function tooSoon(hash: Buffer): boolean {
    const key = hash.toString("base64");
    const last = polls.get(key) ?? Number.NEGATIVE_INFINITY;
    polls.delete(key);
    polls.set(key, now());
    if (polls.size > mostPolls) polls.delete(polls.keys().next().value!);
    return now() - last < intervalMs / 2;
  }

  async function found(
    userCode: string,
    address: string,
    read: (hash: Buffer) => Promise<DeviceLogin | null>,
  ): Promise<DeviceLogin> {
    // A code has 34 bits: who guesses, waits.
    const key = `user code ${addressBlock(address)}`;
    await attempts.begin([{ key, free: 10 }]);
    const hash = hashUserCode(userCode);
    const login = hash === null ? null : await read(hash);
    if (login !== null) {
      await attempts.settle([{ key, as: "forgiven" }]);
      return login;
    }
    throw new HoopError("not-found", "no login waits for this code, or it has expired", {
      hint: "run hoop login again",
    });
  }

  return {
    async start(asker) {
      await attempts.begin([{ key: `device login ${addressBlock(asker.address)}`, free: 60 }]);
      const [device, user] = [mintToken("device"), mintUserCode()];
      const expires = new Date(now() + lifeMs);
      const clean = asker.client.replaceAll(/[\p{C}]/gu, " ").slice(0, 120);
      await store.createDeviceLogin({
        deviceHash: device.hash,
        userCodeHash: user.hash,
        client: clean,
        address: asker.address,
        expiresAt: expires,
      });
      return { deviceCode: device.text, userCode: user.text, expires, interval: intervalMs / 1_000 };
    },

    async poll(deviceCode) {
      const hash = hashToken(deviceCode, "device");
      if (hash === null) return { state: "expired" };
      if (tooSoon(hash)) return { state: "slow-down" };
      const taken = await store.takeDeviceLogin(hash);
      if (taken === null)
        return { state: (await store.deviceLogin({ deviceHash: hash })) === null ? "expired" : "pending" };
      if (taken.answer !== "approved" || taken.subject === null) return { state: "denied" };
      const tokens = await logins.issue(
        taken.subject,
        { client: taken.client, address: taken.address },
        {
          provedBy: null,
          withFactor: taken.withFactor,
          ...(taken.provider === null ? {} : { provider: taken.provider }),
        },
      );
      return { state: "approved", tokens };
    },

    async look(userCode, address) {
      return found(userCode, address, async (userCodeHash) => {
        const login = await store.deviceLogin({ userCodeHash });
        return login === null || login.answer !== null ? null : login;
      });
    },

    answer: (userCode, answer, subject, address, approver) =>
      found(userCode, address, (hash) => store.answerDeviceLogin(hash, answer, subject.id, approver)),
  };
}
