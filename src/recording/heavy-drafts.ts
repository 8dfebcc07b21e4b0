import { join } from "node:path";
import { HoopError, hoopErrorFrom, type SessionId } from "../vocabulary/index.js";
import { type HeavyPart, heavyParts } from "./heavy-parts.js";
import type { Journal } from "./journal/journal.js";
import { type LargePayload, writeLargePayload } from "./large-payload.js";
import type { EntryDraft } from "./recorder.js";
import type { PayloadSealer } from "./sealer.js";

type Done = (error: HoopError | null) => void;

/** A part of a draft that lies in a file of its own now. */
export interface HeavyFile {
  readonly name: HeavyPart["name"];
  readonly large: LargePayload;
}

/** What large drafts need of the recorder. */
export interface HeavyPorts {
  readonly journal: Journal;
  readonly sealer: PayloadSealer;
  readonly sync: boolean;
  /** Why nothing is written now; null: it is. */
  error(): HoopError | null;
  /** The files are there: the entry follows. Throws when it cannot be added. */
  add(draft: EntryDraft, done: Done | null, files: readonly HeavyFile[]): void;
  append(draft: EntryDraft, done: Done | undefined): void;
  failed(error: HoopError, done: Done | undefined): void;
}

/** Large statements that wait to be sealed, in bytes, before further ones are refused. */
const maxBytes = 2 ** 30;

/** Seals the large parts of drafts into files, one draft after the other, and holds back what its session records meanwhile. */
export class HeavyDrafts {
  readonly #ports: HeavyPorts;
  /** Sessions with a large draft under way: their later drafts wait for it, so that a session's order stays. */
  readonly #held = new Map<SessionId, { readonly draft: EntryDraft; readonly done: Done | undefined }[]>();
  #bytes = 0;
  #last: Promise<void> = Promise.resolve();

  constructor(ports: HeavyPorts) {
    this.#ports = ports;
  }

  /** True: the draft is large, or waits behind one that is; it is taken care of. */
  take(draft: EntryDraft, done: Done | undefined): boolean {
    if (this.#held.size > 0 && "session" in draft && draft.session !== null) {
      const queue = this.#held.get(draft.session);
      if (queue !== undefined) {
        queue.push({ draft, done });
        return true;
      }
    }
    const parts = heavyParts(draft);
    if (parts.length === 0) return false;
    this.#append(draft, parts, done);
    return true;
  }

  /** When none is under way; what waited behind one may be large itself. */
  async settled(): Promise<void> {
    for (let heavy: Promise<void> | null = null; heavy !== this.#last; ) {
      heavy = this.#last;
      await heavy;
    }
  }

  #append(draft: EntryDraft, parts: readonly HeavyPart[], done: Done | undefined): void {
    const ports = this.#ports;
    const bytes = parts.reduce((sum, part) => sum + part.bytes, 0);
    if (this.#bytes + bytes > maxBytes) {
      ports.failed(new HoopError("limited", "too many large statements are being recorded at once; try again"), done);
      return;
    }
    const session = "session" in draft ? draft.session : null;
    if (session !== null) this.#held.set(session, []);
    this.#bytes += bytes;
    this.#last = this.#last.then(async () => {
      const files: HeavyFile[] = [];
      try {
        for (const part of parts) files.push({ name: part.name, large: await this.#seal(part) });
        ports.add(draft, done ?? null, files);
      } catch (error) {
        for (const { large } of files) ports.journal.dropAside(large.hash);
        ports.failed(hoopErrorFrom(error, "a large statement could not be recorded"), done);
      } finally {
        this.#bytes -= bytes;
        if (session !== null) this.#letGo(session);
      }
    });
  }

  async #seal(part: HeavyPart): Promise<LargePayload> {
    const { journal, sealer, sync } = this.#ports;
    const error = this.#ports.error();
    if (error !== null) throw error;
    journal.reserve(part.bytes);
    try {
      const folder = join(journal.folder, "aside");
      const large = await writeLargePayload({ sealer, pieces: part.pieces, folder, sync });
      journal.reserve(large.fileBytes);
      return large;
    } catch (error) {
      throw spaceError(error);
    } finally {
      journal.unreserve(part.bytes);
    }
  }

  #letGo(session: SessionId): void {
    const queue = this.#held.get(session) ?? [];
    this.#held.delete(session);
    for (const [index, { draft, done }] of queue.entries()) {
      this.#ports.append(draft, done);
      const again = this.#held.get(session);
      if (again === undefined) continue;
      // Another large one: the rest waits for that.
      again.push(...queue.slice(index + 1));
      return;
    }
  }
}

function spaceError(error: unknown): unknown {
  const code = (error as NodeJS.ErrnoException).code;
  return code === "ENOSPC" || code === "EDQUOT"
    ? new HoopError("unavailable", "the large statement cannot be recorded: the journal's disk is full", {
        cause: error,
      })
    : error;
}
