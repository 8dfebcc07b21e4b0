import { refused } from "./refusal.js";

/** Attributes with one text each, by their path in lower case. What is not here is taken and forgotten. */
const texts = [
  "displayName",
  "title",
  "nickName",
  "userType",
  "preferredLanguage",
  "locale",
  "timezone",
  "profileUrl",
  "name.formatted",
  "name.familyName",
  "name.givenName",
  "name.middleName",
  "name.honorificPrefix",
  "name.honorificSuffix",
  "enterprise.employeeNumber",
  "enterprise.costCenter",
  "enterprise.organization",
  "enterprise.division",
  "enterprise.department",
  "enterprise.manager.value",
  "enterprise.manager.displayName",
] as const;

/** Attributes with a list of items, and the texts of an item. */
const lists = {
  emails: ["value", "type", "display"],
  phoneNumbers: ["value", "type", "display"],
  addresses: ["type", "formatted", "streetAddress", "locality", "region", "postalCode", "country"],
} as const;

export type TextName = (typeof texts)[number];
export type ListName = keyof typeof lists;
export type Item = { readonly primary?: boolean } & Readonly<Record<string, string | boolean | undefined>>;

const byLower = new Map(texts.map((name) => [name.toLowerCase(), name]));
const listsByLower = new Map((Object.keys(lists) as ListName[]).map((name) => [name.toLowerCase(), name]));
/** Of the standard's schemas, and nothing to us. */
const forgotten = new Set([
  ...["password", "ims", "photos", "entitlements", "roles", "x509certificates", "groups", "meta", "schemas", "id"],
]);

export const textNamed = (path: string): TextName | undefined => byLower.get(path);
export const listNamed = (path: string): ListName | undefined => listsByLower.get(path);
export const isForgotten = (path: string): boolean => forgotten.has(path.split(".")[0]!);
/** Whether texts are below it: `name`, `enterprise`, `enterprise.manager`. */
export const isParent = (path: string): boolean => texts.some((name) => name.toLowerCase().startsWith(`${path}.`));

export function itemPart(list: ListName, path: string): string | undefined {
  return path === "primary" ? "primary" : lists[list].find((part) => part.toLowerCase() === path);
}

const most = { text: 1_024, items: 32 };

/** A text to be kept; null and the empty one are none. Throws `invalidValue`. */
export function textFrom(value: unknown, what: string): string | null {
  if (value === null || value === undefined || value === "") return null;
  if (typeof value !== "string" && typeof value !== "number" && typeof value !== "boolean")
    throw refused("invalidValue", `${what} is a text`);
  if (typeof value === "number" && !Number.isFinite(value)) throw refused("invalidValue", `${what} is a text`);
  const text = String(value).normalize("NFC");
  if (text.length > most.text) throw refused("invalidValue", `${what} has at most ${most.text} characters`);
  if (/\p{Cs}/u.test(text)) throw refused("invalidValue", `${what} is not valid Unicode`);
  if (/\p{Cc}/u.test(what.startsWith("addresses") ? text.replaceAll(/[\r\n\t]/g, " ") : text))
    throw refused("invalidValue", `${what} holds a control character`);
  return text;
}

/** Also as a text in any case: one of the large providers sends `"False"`. Throws `invalidValue`. */
export function flagFrom(value: unknown, what: string): boolean {
  if (typeof value === "boolean") return value;
  if (typeof value === "string" && /^(true|false)$/i.test(value)) return value.toLowerCase() === "true";
  throw refused("invalidValue", `${what} is true or false`);
}

/** Items of a list; what is no object is a bare value. Throws `invalidValue`. */
export function itemsFrom(list: ListName, value: unknown): readonly Item[] {
  if (value === null || value === undefined) return [];
  const given: readonly unknown[] = Array.isArray(value) ? value : [value];
  if (given.length > most.items) throw refused("tooMany", `${list} has at most ${most.items} items`);
  return given.map((one) => itemFrom(list, one)).filter((item) => Object.keys(item).length > 0);
}

function itemFrom(list: ListName, value: unknown): Item {
  if (typeof value === "string") return { value: textFrom(value, list) ?? "" };
  if (typeof value !== "object" || value === null || Array.isArray(value))
    throw refused("invalidValue", `an item of ${list} is an object`);
  const item: Record<string, string | boolean> = {};
  for (const [key, given] of Object.entries(value)) {
    const part = itemPart(list, key.toLowerCase());
    if (part === undefined) continue;
    if (part === "primary") item["primary"] = flagFrom(given, `${list}.primary`);
    else {
      const text = textFrom(given, `${list}.${part}`);
      if (text !== null) item[part] = text;
    }
  }
  return item;
}
