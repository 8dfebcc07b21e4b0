import {
  flagFrom,
  type Item,
  isForgotten,
  isParent,
  itemsFrom,
  type ListName,
  listNamed,
  type TextName,
  textFrom,
  textNamed,
} from "./attributes.js";
import { pathFrom } from "./filter.js";
import { isRecord } from "./record.js";
import { refused } from "./refusal.js";

/** A user as a directory describes them. Names of attributes are our own: nothing of a request becomes a key. */
export interface Person {
  readonly userName: string;
  readonly externalId: string | null;
  readonly active: boolean;
  readonly texts: Readonly<Partial<Record<TextName, string>>>;
  readonly lists: Readonly<Partial<Record<ListName, readonly Item[]>>>;
}

export const nobody: Person = { userName: "", externalId: null, active: true, texts: {}, lists: {} };

/** What a directory creates or replaces whole. Throws `invalidValue`, `invalidSyntax`. */
export function personFrom(body: unknown): Person {
  if (!isRecord(body)) throw refused("invalidSyntax", "the body is not an object");
  const person = Object.entries(body).reduce((before, [key, value]) => withValue(before, keyPath(key), value), nobody);
  return checked(person);
}

/** Throws unless it may be kept. */
export function checked(person: Person): Person {
  if (person.userName === "") throw refused("invalidValue", "userName is missing");
  return person;
}

/** The attribute that a key of an object names; a key that names none is unknown, not an error. */
export function keyPath(key: string): string {
  try {
    return pathFrom(key);
  } catch {
    return "";
  }
}

/** With one attribute set; null takes it away. Unknown attributes are left out, as the standard wants it for whole objects. */
export function withValue(person: Person, path: string, value: unknown): Person {
  if (path === "username") return { ...person, userName: textFrom(value, "userName") ?? "" };
  if (path === "externalid") return { ...person, externalId: textFrom(value, "externalId") };
  if (path === "active") return { ...person, active: value === null ? true : flagFrom(value, "active") };
  const text = textNamed(path);
  if (text !== undefined) return withText(person, text, value);
  const list = listNamed(path);
  if (list !== undefined) return withList(person, list, itemsFrom(list, value));
  if (!isParent(path) || isForgotten(path)) return person;
  // A manager may come as a bare id.
  if (path === "enterprise.manager" && !isRecord(value)) return withText(person, "enterprise.manager.value", value);
  if (value === null) return withoutBelow(person, path);
  if (!isRecord(value)) throw refused("invalidValue", `${path} is an object`);
  return Object.entries(value).reduce(
    (before, [key, given]) => withValue(before, `${path}.${key.toLowerCase()}`, given),
    person,
  );
}

function withText(person: Person, name: TextName, value: unknown): Person {
  const { [name]: _, ...others } = person.texts;
  const text = textFrom(value, name);
  return { ...person, texts: text === null ? others : { ...others, [name]: text } };
}

/** At most one item is the primary one: the last that says so. */
export function withList(person: Person, name: ListName, items: readonly Item[]): Person {
  const primary = items.findLastIndex((item) => item.primary === true);
  const kept = items.map((item, at) => (item.primary === true && at !== primary ? { ...item, primary: false } : item));
  const { [name]: _, ...others } = person.lists;
  return { ...person, lists: kept.length === 0 ? others : { ...others, [name]: kept } };
}

function withoutBelow(person: Person, path: string): Person {
  const texts = Object.entries(person.texts).filter(([name]) => !name.toLowerCase().startsWith(`${path}.`));
  return { ...person, texts: Object.fromEntries(texts) };
}

/** Where to write to them: the primary address, else the one for work, else the first. Throws `invalidValue`. */
export function emailOf({ lists }: Person): string | null {
  const emails = lists.emails ?? [];
  const chosen =
    emails.find(({ primary }) => primary === true) ?? emails.find(({ type }) => type === "work") ?? emails[0];
  const email = chosen?.["value"];
  if (typeof email !== "string") return null;
  if (email.length > 254 || !/^[^\s@]+@[^\s@]+$/.test(email))
    throw refused("invalidValue", "an e-mail address is not one");
  return email;
}
