import { mkdir, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { HoopError } from "../../vocabulary/index.js";
import { durationFrom } from "../duration.js";
import { text, texts, type Verb } from "../invocation.js";

interface Issued {
  readonly credential: {
    readonly id: string;
    readonly user: string;
    readonly connection: string;
    readonly expires: string;
  };
  readonly password: string;
  readonly place: {
    readonly host: string;
    readonly port: number;
    readonly database: string;
    readonly authority: string | null;
  };
  readonly strings: Readonly<Record<string, string>>;
}

export const run: Verb = async (invocation) => {
  const { context, args } = invocation;
  const wanted = text(invocation, "for");
  const ttlSeconds = Math.round(durationFrom(text(invocation, "ttl") ?? "1h", "--ttl") / 1_000);
  const authorityFile = join(context.folders.config, "native-ca.pem");
  const issued = await (await context.api()).post<Issued>("/credentials", {
    body: { connection: args[0]!, ttlSeconds, addresses: texts(invocation, "address"), authorityFile },
    signal: context.signal,
  });
  const { credential, password, place, strings } = issued;
  if (place.authority !== null) {
    await mkdir(dirname(authorityFile), { recursive: true, mode: 0o700 });
    await writeFile(authorityFile, place.authority, { mode: 0o644 });
  }
  if (wanted !== undefined) {
    const string = strings[wanted];
    if (string === undefined)
      throw new HoopError("invalid", `there is nothing for ${JSON.stringify(wanted)}`, {
        hint: `one of ${Object.keys(strings).join(", ")}`,
      });
    return context.out.result({ ...issued, string }, () => string);
  }
  context.out.result(issued, () =>
    [
      `host      ${place.host}`,
      `port      ${place.port}`,
      `database  ${place.database}`,
      `user      ${credential.user}`,
      `password  ${password}`,
      `until     ${new Date(credential.expires).toLocaleString()}`,
      ...(place.authority === null ? [] : [`CA        ${authorityFile}`]),
      "",
      strings["psql"] ?? "",
      "",
      `It is not shown again. Others: --for ${Object.keys(strings).join(", ")}. End it: hoop credentials revoke ${credential.id}`,
    ].join("\n"),
  );
};
