import { join } from "node:path";
import { z } from "zod";
import { HoopError } from "../../vocabulary/index.js";
import { actAs } from "../act-as.js";
import { withFileLock } from "../file-lock.js";
import { readPrivateFile, writePrivateFile } from "../private-file.js";

const loginSchema = z.object({
  /** `https://host:port`, no path. */
  url: z.string(),
  subject: z.string(),
  /** The user of this machine who logged in; null on Windows. Whose programs may use the tunnel. */
  uid: z.number().int().nullable(),
  accessToken: z.string(),
  accessExpires: z.string(),
  refreshToken: z.string(),
  refreshExpires: z.string(),
  /** PEM of the gateway's own authority, accepted at login; absent where the system's authorities vouch for it. */
  ca: z.string().optional(),
  /** Where lanes go, as the gateway told last. */
  lanes: z.object({ url: z.string(), authority: z.string() }).optional(),
});
const fileSchema = z.object({ version: z.literal(1), current: z.string().nullable(), logins: z.array(loginSchema) });

/** One login at one gateway, as kept on this machine. */
export type Login = z.infer<typeof loginSchema>;
type ProfileFile = z.infer<typeof fileSchema>;

/** The logins of this user, in one file that only they can read. Writers exclude each other by a lock. */
export class ProfileStore {
  readonly path: string;
  readonly #owner: number | null;

  /** `owner`: the user whose folder it is, when root works for somebody else. */
  constructor(configFolder: string, owner: number | null = null) {
    this.path = join(configFolder, "logins.json");
    this.#owner = owner;
  }

  /** Every login and which is in use. */
  read(): { current: string | null; logins: readonly Login[] } {
    return this.#read();
  }

  /** The login for a gateway named by its URL, its host, or not at all (the one in use); null: none. */
  find(gateway?: string): Login | null {
    const { current, logins } = this.#read();
    const wanted = gateway ?? current;
    if (wanted === null) return null;
    const url = URL.canParse(wanted) ? new URL(wanted).origin : null;
    return (
      logins.find(
        (login) => login.url === url || new URL(login.url).host === wanted || new URL(login.url).hostname === wanted,
      ) ?? null
    );
  }

  /** Puts a login in, and makes it the one in use. */
  async save(login: Login): Promise<void> {
    await this.locked(async () => this.put(login, true));
  }

  /** Takes a login out; the first of those that are left comes into use. */
  async remove(url: string): Promise<void> {
    await this.locked(async () => {
      const file = this.#read();
      const logins = file.logins.filter((login) => login.url !== url);
      this.#write({ ...file, logins, current: file.current === url ? (logins[0]?.url ?? null) : file.current });
    });
  }

  /** Runs `work` while no other process writes. Inside of it use `find` and `put`. */
  locked<T>(work: () => Promise<T>): Promise<T> {
    return withFileLock(`${this.path}.lock`, work, { owner: this.#owner });
  }

  /** Only inside `locked`. */
  put(login: Login, use = false): void {
    const file = this.#read();
    const logins = [...file.logins.filter((other) => other.url !== login.url), login];
    this.#write({ ...file, logins, current: use ? login.url : (file.current ?? login.url) });
  }

  #read(): ProfileFile {
    const text = actAs(this.#owner, () => readPrivateFile(this.path));
    if (text === null) return { version: 1, current: null, logins: [] };
    try {
      return fileSchema.parse(JSON.parse(text));
    } catch (cause) {
      throw new HoopError("precondition-failed", `${this.path} cannot be read`, {
        hint: "remove it and log in again",
        cause,
      });
    }
  }

  #write(file: ProfileFile): void {
    actAs(this.#owner, () => writePrivateFile(this.path, `${JSON.stringify(file, null, 2)}\n`));
  }
}
