import { z } from "zod";
import { type Protocol, serveWire } from "../../protocol/index.js";
import { administer } from "./admin/administer.js";
import { operate } from "./operate.js";
import { createPostgresSession } from "./session/session.js";

export { createPostgresSession } from "./session/session.js";

/** What a connection of PostgreSQL may say under `target`. */
const targetSchema = z.strictObject({
  /** The user that the gateway logs in as, where the credential does not bring its own. */
  user: z.string().min(1).max(63).optional(),
  /** Where a client gets that named no database, or only its own user as libpq does. */
  database: z.string().min(1).max(63).optional(),
  /** Lets `replication=…` through: a replication stream is not masked and shows every change. */
  allowReplication: z.boolean().optional(),
});

/** PostgreSQL, protocol 3.0 to 3.2. */
export const postgres: Protocol = {
  name: "postgres",
  title: "PostgreSQL",
  defaultPort: 5432,
  targetSchema,
  attributes: {
    noWhere: {
      type: "strings",
      text: "commands that change or remove every row, having no WHERE",
      values: ["update", "delete", "truncate"],
    },
    utility: { type: "strings", text: "utility commands by their name, e.g. copy, vacuum, listen" },
    escapes: {
      type: "strings",
      text: "ways out of the database or around the rules, by name, e.g. dblink, copy-program, set-role",
    },
    database: { type: "string", text: "the database that the session is connected to" },
    role: { type: "string", text: "the role whose rights apply" },
  },
  can: new Set([
    "judge-statements",
    "mask-columns",
    "mask-values",
    "notice",
    "cancel",
    "hold",
    "client-tls",
    "upstream-tls",
    "catalogue",
    "rows",
    "estimate",
    "rehearse",
    "session-users",
  ]),
  language: "postgresql",
  example: ({ name }, { host, port }) =>
    `psql -h ${host === "" ? `${name}.hoop` : host}${port === 5432 ? "" : ` -p ${port}`}`,
  serve: serveWire(createPostgresSession),
  operate,
  administer,
};
