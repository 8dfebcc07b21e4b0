/**
 * The schemas of a `search_path` setting, in order. `$user` becomes the role.
 *
 * @example schemasOf('"$user", Public', "ann") // ["ann", "public"]
 */
export function schemasOf(setting: string, role: string): string[] {
  const schemas: string[] = [];
  let at = 0;
  while (at < setting.length) {
    const char = setting[at];
    if (char === " " || char === "," || char === "\t" || char === "\n") {
      at += 1;
      continue;
    }
    let name = "";
    if (char === '"' || char === "'") {
      const quote = char;
      at += 1;
      while (at < setting.length) {
        if (setting[at] === quote) {
          if (setting[at + 1] !== quote) break;
          at += 1;
        }
        name += setting[at];
        at += 1;
      }
      at += 1;
    } else {
      while (at < setting.length && setting[at] !== "," && setting[at] !== " ") {
        name += setting[at];
        at += 1;
      }
      name = name.toLowerCase();
    }
    schemas.push(name === "$user" ? role : name);
  }
  return schemas;
}
