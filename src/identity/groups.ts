import { HoopError } from "../vocabulary/index.js";
import { nameFrom } from "./names.js";
import type { StandingCheck } from "./roles/index.js";
import type { IdentityStore, StoredGroup } from "./store.js";

/** Groups that come with Hoop: built-in roles are bound to them, and the first admin is put into them. */
export const adminGroup = "admins";
export const auditorGroup = "auditors";
const builtIn: readonly string[] = [adminGroup, auditorGroup, "engineers"];

export interface Groups {
  list(): Promise<readonly StoredGroup[]>;
  create(name: string, description: string): Promise<{ readonly name: string; readonly description: string }>;
  /** Its members lose it at once. Throws HoopError `not-found`, `invalid` for a group that Hoop itself needs. */
  remove(name: string, check?: StandingCheck): Promise<void>;
}

export function createGroups(store: IdentityStore): Groups {
  return {
    list: () => store.groups(),
    async create(text, description) {
      const name = nameFrom(text, "group");
      await store.createGroup(name, description);
      return { name, description };
    },
    async remove(text, check) {
      const name = nameFrom(text, "group");
      if (builtIn.includes(name)) throw new HoopError("invalid", `Hoop itself needs the group ${name}`);
      if (!(await store.removeGroup(name, check))) throw new HoopError("not-found", `there is no group ${name}`);
    },
  };
}
