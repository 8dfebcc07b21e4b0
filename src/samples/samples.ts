import { connectTcp, connectUnix, type Pipe } from "../transport/index.js";
import { HoopError } from "../vocabulary/index.js";
import { type SampleSecrets, sampleHosts } from "./connections.js";
import { createOnDemand, type OnDemand, type Running } from "./on-demand.js";
import { startSamplePostgres } from "./postgres/start.js";
import { startSampleServer } from "./server/start.js";

/** Sample targets on this machine, which run while somebody uses them. */
export interface Samples {
  /** Starts the sample that is called so unless it runs. Throws HoopError; TransportError. */
  dial(host: string, signal: AbortSignal): Promise<Pipe>;
  close(): Promise<void>;
}

export interface SamplesOptions {
  /** Where the sample database keeps its files. */
  readonly folder: string;
  readonly secrets: SampleSecrets;
  /** A sample that nobody has used for so long is stopped. */
  readonly idleMs?: number;
  readonly log: Parameters<typeof startSamplePostgres>[0]["log"];
}

const tenMinutes = 10 * 60_000;

export function createSamples({ folder, secrets, idleMs = tenMinutes, log }: SamplesOptions): Samples {
  const database = createOnDemand({
    start: () => startSamplePostgres({ folder, password: secrets.pgPassword, log }),
    idleMs,
  });
  const server = createOnDemand({ start: () => startSampleServer(secrets), idleMs });

  return {
    async dial(host, signal) {
      const label = `the sample ${host.split(".", 1)[0]}`;
      const started = <T extends Running>(sample: OnDemand<T>) =>
        within(signal, sample.acquire(), label, (late) => late.release());
      switch (host.toLowerCase()) {
        case sampleHosts.pg: {
          const { value, release } = await started(database);
          if ("path" in value.at) return connectUnix({ path: value.at.path, label, signal, gone: release });
          // Here nobody tells when it is over; it stays up until the gateway ends.
          return connectTcp({ ...value.at, signal });
        }
        case sampleHosts.web: {
          const { value, release } = await started(server);
          return connectUnix({ path: value.web, label, signal, gone: release });
        }
        case sampleHosts.ssh: {
          const { value, release } = await started(server);
          return connectUnix({ path: value.ssh, label, signal, gone: release });
        }
        default:
          throw new HoopError("not-found", "there is no such sample");
      }
    },
    async close() {
      await Promise.all([database.close(), server.close()]);
    },
  };
}

/** Who starts a sample may not wait as long as it takes; then it starts for the next one. */
function within<T>(signal: AbortSignal, work: Promise<T>, label: string, late: (value: T) => void): Promise<T> {
  return new Promise((resolve, reject) => {
    const given = () => {
      reject(new HoopError("timeout", `${label} is still starting`, { hint: "try again in a moment" }));
      work.then(late, () => {});
    };
    if (signal.aborted) return given();
    signal.addEventListener("abort", given, { once: true });
    work.then(resolve, reject).finally(() => signal.removeEventListener("abort", given));
  });
}
