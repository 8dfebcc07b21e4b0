import { HoopError } from "../../../vocabulary/index.js";

/** An identifier of SQL. */
export function identifier(name: string): string {
  if (name === "" || name.includes("\0"))
    throw new HoopError("invalid", "a name at the target is empty or has a zero byte");
  return `"${name.replaceAll('"', '""')}"`;
}

/** A literal of SQL, read the same whatever `standard_conforming_strings` is. */
export function literal(text: string): string {
  if (text.includes("\0")) throw new HoopError("invalid", "a value for the target has a zero byte");
  const quoted = `'${text.replaceAll("'", "''")}'`;
  return text.includes("\\") ? ` E${quoted.replaceAll("\\", "\\\\")}` : quoted;
}
