import { HoopError } from "../vocabulary/index.js";

const key = /^[a-z0-9](?:[a-z0-9._/-]{0,61}[a-z0-9])?$/;
const most = 64;

/** Throws unless rules can match on them: few, short, printable, keys in lower case. */
export function checkLabels(labels: Readonly<Record<string, string>>): void {
  const entries = Object.entries(labels);
  if (entries.length > most) throw new HoopError("invalid", `a connection has at most ${most} labels`);
  for (const [name, value] of entries) {
    if (!key.test(name)) {
      throw new HoopError("invalid", `not a label: ${JSON.stringify(name.slice(0, 64))}`, {
        hint: "1 to 63 characters: letters a to z, digits and . _ / - between them",
      });
    }
    if (value.length > 256 || /\p{C}/u.test(value))
      throw new HoopError("invalid", `the value of label ${name} is longer than 256 characters or not printable`);
  }
}
