/** The setting that states what a session is for; ours, so the target never hears of it. */
const setting = "hoop.purpose";
const shape = /^[A-Za-z0-9][A-Za-z0-9_.-]{0,62}$/;

/**
 * What a client says that its session is for: a startup parameter `hoop.purpose` (asyncpg's server_settings, drivers of that
 * kind) or `-c hoop.purpose=…` in `options` (libpq's PGOPTIONS, JDBC, psycopg). Taken out of the parameters, for a target or a
 * pooler before it may not take it. Null: it says nothing; undefined: what it says is no purpose.
 */
export function takePurpose(parameters: Map<string, string>): string | null | undefined {
  let stated: string | null = null;
  for (const [name, value] of parameters) {
    if (name.toLowerCase() !== setting) continue;
    stated = value;
    parameters.delete(name);
  }
  const options = parameters.get("options");
  if (options?.toLowerCase().includes(setting)) {
    const rest = options.replaceAll(
      /(^|\s)(?:-c\s*|--)hoop\.purpose\s?=\s?((?:\\.|[^\s\\])*)(?=\s|$)/gi,
      (_, before: string, value: string) => {
        stated = value.replaceAll(/\\(.)/g, "$1");
        return before;
      },
    );
    if (rest.trim() === "") parameters.delete("options");
    else parameters.set("options", rest.trim());
  }
  if (stated === null) return null;
  return shape.test(stated) ? stated.toLowerCase() : undefined;
}
