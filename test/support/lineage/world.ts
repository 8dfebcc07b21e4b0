/** Letters of one twin's secrets: no word and no number of the rest holds five of them in a row. */
export interface Secrets {
  readonly local: string;
  readonly host: string;
  readonly ssn: string;
  readonly city: string;
  /** Leading digits of card numbers. */
  readonly card: string;
}

/**
 * Two worlds that differ in nothing but what must not be seen, and there in every value: letters and length, never in order,
 * equality or NULLs. What differs in an answer came from a secret.
 */
export const twins: readonly [Secrets, Secrets] = [
  { local: "zqxkwvb", host: "jqhzpd", ssn: "wqjfvkz", city: "Xvqzjkwy", card: "739184620573" },
  { local: "zqykuvbmg", host: "jqhxpdtr", ssn: "wqjgvkzpp", city: "Xvqyjkwyrr", card: "7391946205734" },
];

/** Stays the same from twin to twin: rules mask nothing of it. */
const harmless = ["ann", "bob", "cyd", "dee", "eve"];

export function worldSql(secrets: Secrets): string {
  const email = (at: number) => `'${secrets.local}${at}.${secrets.local}@${secrets.host}${at}.org'`;
  const ssn = (at: number) => `'${secrets.ssn}-${at}'`;
  const people = harmless.map((name, i) => {
    const at = i + 1;
    const shown = at === 4 ? "null" : email(at);
    return `(${at}, '${name}', ${shown}, ${ssn(at)}, ${secrets.card}000${at}, '{"city": "${secrets.city}${at}", "n": ${at}}', ${at % 2 === 0}, '{"x": ${at}}')`;
  });
  return `
    create type mood as enum ('fine', 'glum');
    create domain label_text as text check (value <> 'never');
    create table customers (
      id int primary key, name text, email text, ssn text unique, card bigint, profile jsonb, vip bool, extra json,
      made text generated always as (upper(email)) stored, mood mood default 'fine', tag label_text default 'tag');
    insert into customers (id, name, email, ssn, card, profile, vip, extra) values ${people.join(", ")};
    create table orders (id int primary key, customer_id int references customers, note text, total numeric, contact text);
    insert into orders values ${[1, 2, 3, 4, 5, 6].map((at) => `(${at}, ${((at - 1) % 5) + 1}, 'note ${at}', ${at}.50, ${email(((at - 1) % 5) + 1)})`).join(", ")};
    create table notes (id int, body text);
    insert into notes values (1, 'plain one'), (2, 'plain two'), (3, null);
    create table events (at int, who text, email text) partition by list (at);
    create table events_1 partition of events for values in (1);
    create table events_2 partition of events for values in (2);
    insert into events values (1, 'w1', ${email(1)}), (2, 'w2', ${email(2)});
    create table base (id int, nick text, ssn text);
    create table derived (level int) inherits (base);
    insert into base values (1, 'n1', ${ssn(1)});
    insert into derived values (2, 'n2', ${ssn(2)}, 7);

    create view mails as select id as customer, email as mail from customers;
    create view loud as select upper(m.mail) as shout, m.customer, m.mail from mails m;
    create view faces as select id, name as face, vip from customers;
    create view mixed as select id, name as word from customers union all select id, note from orders union all select 9, email from customers where id = 1;
    create view sums as select c.name, count(*) as orders, sum(o.total) as total, max(c.email) as top from customers c left join orders o on o.customer_id = c.id group by c.name;
    create view rows as select c.id, to_jsonb(c) as doc, row_number() over (order by c.id) as place from customers c;
    create view everything as select * from customers join orders using (id);
    create materialized view stored as select id, name, email as kept from customers;

    create function mail_of(p int) returns text language sql stable as 'select email from customers where id = p';
    create function face_of(p int) returns text language sql stable as 'select name from customers where id = p';
    create function mail_by(p int, out r text) language plpgsql as $$ begin r := (select mail from mails where customer = p); end $$;
    create function wrap(p text) returns text language sql immutable as 'select ''<'' || p || ''>''';
    create function echo(p text) returns text language plpgsql immutable as $$ declare v text; begin v := p; if v is null then return 'none'; end if; return v; end $$;
    create function everyone() returns setof customers language sql stable as 'select * from customers';
    create function pairs() returns table (a int, b text) language plpgsql stable as $$ begin return query select id, email from customers; end $$;
    create function faces_of(n int) returns table (a int, b text) language sql stable as 'select id, name from customers where id <= n';
    create function atomic_mail(p int) returns text stable language sql begin atomic select email from customers where id = p; end;
    create function shout(c customers) returns text language sql stable as 'select upper(c.email)';
    create function two(out x int, out y text) language sql stable as 'select id, name from customers where id = 1';
    create aggregate glue (text) (sfunc = textcat, stype = text, initcond = '');
    analyze;`;
}

/** What must not come back, in any form that bytes can hide it in, by pieces of five. */
export function findSecret(bytes: string, secrets: Secrets): string | null {
  const text = bytes.toLowerCase();
  for (const piece of piecesOf(secrets)) {
    const at = text.indexOf(piece);
    if (at >= 0) return text.slice(Math.max(0, at - 60), at + 60);
  }
  return null;
}

const known = new WeakMap<Secrets, readonly string[]>();

function piecesOf(secrets: Secrets): readonly string[] {
  const made = known.get(secrets);
  if (made !== undefined) return made;
  const pieces = new Set<string>();
  for (const word of Object.values(secrets) as string[]) {
    for (let at = 0; at + 5 <= word.length; at += 1) {
      for (const piece of new Set([
        word.slice(at, at + 5),
        word.slice(at, at + 5).toLowerCase(),
        word.slice(at, at + 5).toUpperCase(),
      ])) {
        pieces.add(piece.toLowerCase());
        pieces.add([...piece.toLowerCase()].reverse().join(""));
        pieces.add(Buffer.from(piece).toString("hex"));
      }
    }
    // Base64 at each of its three alignments, without the letters that depend on what is around.
    for (const form of [word, word.toUpperCase(), word.toLowerCase()])
      for (const shift of [0, 1, 2]) {
        const encoded = Buffer.from("~".repeat(shift) + form)
          .toString("base64")
          .replaceAll("=", "");
        const inner = encoded.slice(shift === 0 ? 0 : shift + 1, -1);
        for (let at = 0; at + 8 <= inner.length; at += 4) pieces.add(inner.slice(at, at + 8).toLowerCase());
      }
  }
  const list = [...pieces];
  known.set(secrets, list);
  return list;
}

export const policyOf = (predicates: string): string => `
apiVersion: hoop/v1
kind: access
metadata: { name: everything }
spec: { who: { group: engineers }, where: everywhere, effects: [read, write, define, destroy, admin, execute, connect, unknown] }
---
apiVersion: hoop/v1
kind: mask
metadata: { name: emails }
spec: { columns: ["*.email", "orders.contact"], mask: { method: partial, as: email }, predicates: ${predicates} }
---
apiVersion: hoop/v1
kind: mask
metadata: { name: numbers }
spec: { columns: [customers.card], mask: { method: partial, as: card }, predicates: ${predicates} }
---
apiVersion: hoop/v1
kind: mask
metadata: { name: rest }
spec: { columns: ["*.ssn", customers.profile], mask: { method: redact }, predicates: ${predicates} }
`;
