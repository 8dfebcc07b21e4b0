import { parentPort, workerData } from "node:worker_threads";
import { createFeeding, type Feeding } from "../../recording/index.js";
import { publisher } from "../../storage/change-feed.js";
import { connectStore } from "../../storage/connect-store.js";
import { eventsFromEntries } from "../../storage/events/from-entries.js";
import { createRecordingStore } from "../../storage/recording.js";
import { chainId, hoopErrorFrom } from "../../vocabulary/index.js";
import { lowerPriority } from "./lower-priority.js";
import type { FeedingSetup, FromFeeding, ToFeeding } from "./messages.js";

const port = parentPort;
if (port === null) throw new Error("this file is a worker thread");

const { chain, folder, store, slowMs } = workerData as FeedingSetup;
lowerPriority();
// What breaks while nobody uses it is opened anew; what breaks in use is the step's error.
const db = connectStore(store, 1, () => {});
const recordings = createRecordingStore({ db }, eventsFromEntries(publisher(db), { slowMs }));
const feeding: Feeding = createFeeding({ chain: chainId(chain), folder, store: recordings });
const say = (message: FromFeeding) => port.postMessage(message);

port.on("message", (message: ToFeeding) => {
  if (message.kind === "feed") void feed(message);
  else void db.destroy().finally(() => port.close());
});

async function feed({ begin, stretch, fed }: Extract<ToFeeding, { kind: "feed" }>): Promise<void> {
  try {
    if (begin) feeding.begin();
    say({ kind: "fed", step: await feeding.feed(stretch, fed) });
  } catch (thrown) {
    const error = hoopErrorFrom(thrown, "the store did not take the recording");
    const cause = error.cause instanceof Error ? error.cause.stack : undefined;
    say({ kind: "failed", code: error.code, message: error.message, hint: error.hint, cause });
  }
}
