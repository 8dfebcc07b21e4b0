import type { Trick } from "./trick.js";

/** The server passes over a schema that the login may not use: names mean what stands behind it in the path. */
export const closed: readonly Trick[] = [
  ["masked", "select upper(email), ssn from customers"],
  ["safe", "set search_path = hidden, public", "select upper(email) from customers"],
  ["safe", "set search_path = hidden, public", "select * from customers"],
  ["safe", "set search_path = hidden, public", "x: select email, card_number from customers"],
  ["safe", "set search_path = hidden, public", "copy customers to stdout"],
  ["safe", "set search_path = hidden, public", "copy (select * from customers) to stdout"],
  [
    "safe",
    "set search_path = hidden, public",
    "begin",
    "declare c cursor for select * from customers",
    "fetch all from c",
  ],
  ["safe", "select set_config('search_path', 'hidden, public', false)", "select max(email) from customers"],
  [
    "safe",
    "set search_path = hidden, public",
    "insert into notes (body) select email from customers",
    "select body from notes",
  ],
  ["safe", "set search_path = hidden, public", "explain (analyze, verbose) select email::int from customers"],
];
