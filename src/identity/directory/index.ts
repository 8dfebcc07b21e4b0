export { type Item, itemPart, type ListName, listNamed, type TextName, textNamed } from "./attributes.js";
export { createDirectories, type Directories, type DirectoryChange, type DirectoryDraft } from "./directories.js";
export { type Comparator, comparators, type Filter, type FilterValue, parseFilter } from "./filter.js";
export { type PatchOperation, parsePatch } from "./patch.js";
export type { MemberStep } from "./patch-team.js";
export type { Person } from "./person.js";
export type { Before, Expected, Provisioning, TeamMoved } from "./provisioning.js";
export { refused, type ScimType, scimTypeOf } from "./refusal.js";
export type {
  Directory,
  DirectoryStore,
  DirectoryToken,
  DirectoryWrite,
  Found,
  MembersMoved,
  ProvisionedPerson,
  ProvisionedTeam,
  Slice,
  TeamMember,
} from "./store.js";
