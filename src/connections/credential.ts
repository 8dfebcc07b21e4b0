import { type Connection, type ConnectionCredential, HoopError } from "../vocabulary/index.js";

const modes = ["auto", "ephemeral", "static"] as const;
const keys = ["users", "roles", "owner", "primary", "followers", "from", "rotateDays"] as const;
const mostNames = 16;

/** What an admin says of a connection's credential; undefined: nothing that is not so anyway. Throws HoopError `invalid`. */
export function credentialFrom(given: Readonly<Record<string, unknown>>): ConnectionCredential | undefined {
  const unknown = Object.keys(given).find((key) => !(keys as readonly string[]).includes(key));
  if (unknown !== undefined)
    throw new HoopError("invalid", `a credential has no ${JSON.stringify(unknown.slice(0, 40))}`, {
      hint: `it can say: ${keys.join(", ")}`,
    });
  const users = given["users"] ?? undefined;
  if (users !== undefined && !(modes as readonly unknown[]).includes(users))
    throw new HoopError("invalid", `credential.users is one of ${modes.join(", ")}`);
  const roles = namesFrom(given["roles"], "roles");
  const followers = namesFrom(given["followers"], "followers");
  const owner = nameFrom(given["owner"], "owner");
  const primary = nameFrom(given["primary"], "primary");
  const from = referenceFrom(given["from"]);
  const rotateDays = daysFrom(given["rotateDays"]);
  if (from !== undefined && rotateDays !== undefined)
    throw new HoopError(
      "invalid",
      "Hoop changes only passwords that it keeps itself: `rotateDays` and `from` exclude each other",
    );
  const credential = {
    ...(users === undefined || users === "auto" ? {} : { users: users as ConnectionCredential["users"] }),
    ...(roles === undefined ? {} : { roles }),
    ...(owner === undefined ? {} : { owner }),
    ...(primary === undefined ? {} : { primary }),
    ...(followers === undefined ? {} : { followers }),
    ...(from === undefined ? {} : { from }),
    ...(rotateDays === undefined ? {} : { rotateDays }),
  };
  return Object.keys(credential).length === 0 ? undefined : credential;
}

/** Where the stored secret comes from; null: Hoop's own store. */
export const sourceOf = ({ credential }: Pick<Connection, "credential">): string | null => credential?.from ?? null;

function namesFrom(given: unknown, key: string): readonly string[] | undefined {
  const list = typeof given === "string" ? given.split(",").map((name) => name.trim()) : (given ?? undefined);
  if (list === undefined) return undefined;
  if (!Array.isArray(list) || list.length === 0 || list.length > mostNames)
    throw new HoopError("invalid", `credential.${key} are 1 to ${mostNames} names`);
  const names = list.map((name) => nameFrom(name, key) ?? "");
  if (names.includes("") || new Set(names).size !== names.length)
    throw new HoopError("invalid", `credential.${key} has a name twice, or an empty one`);
  return names;
}

function nameFrom(given: unknown, key: string): string | undefined {
  if (given === undefined || given === null) return undefined;
  if (typeof given !== "string" || given === "" || Buffer.byteLength(given) > 63 || /[\x00-\x1f\x7f]/.test(given))
    throw new HoopError("invalid", `credential.${key} is a name of 1 to 63 bytes`);
  return given;
}

function referenceFrom(given: unknown): string | undefined {
  if (given === undefined || given === null) return undefined;
  if (typeof given !== "string" || !/^(vault|aws|env|file):[\x21-\x7e]{1,512}$/.test(given))
    throw new HoopError("invalid", "credential.from is vault:PATH#KEY, aws:NAME#KEY, env:NAME or file:PATH");
  return given;
}

function daysFrom(given: unknown): number | undefined {
  if (given === undefined || given === null) return undefined;
  const days = typeof given === "string" && /^\d{1,4}$/.test(given) ? Number(given) : given;
  if (typeof days !== "number" || !Number.isInteger(days) || days < 1 || days > 3_650)
    throw new HoopError("invalid", "credential.rotateDays is a number of days, 1 to 3650");
  return days;
}
