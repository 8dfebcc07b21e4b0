/** The sample database: customers with what must be masked, and their orders. Numbers are test numbers of card schemes. */
export const sampleSql = `
create table customers (
  id integer primary key generated always as identity,
  name text not null,
  email text not null unique,
  phone text,
  card_number text,
  city text,
  joined date not null
);
create table orders (
  id integer primary key generated always as identity,
  customer_id integer not null references customers,
  item text not null,
  amount numeric(10, 2) not null,
  ordered_at timestamptz not null default now()
);
create view big_spenders as
  select c.name, c.email, sum(o.amount) as total
  from customers c join orders o on o.customer_id = c.id
  group by c.id having sum(o.amount) > 2000;

insert into customers (name, email, phone, card_number, city, joined) values
  ('Grace Hopper', 'grace@navy.example.org', '+1 212 555 0101', '4111111111111881', 'Arlington', '2021-12-09'),
  ('Alan Turing', 'alan@bletchley.example.org', '+44 20 7946 0112', '5555555555554444', 'Wilmslow', '2022-06-23'),
  ('Barbara Liskov', 'barbara@clu.example.org', '+1 617 555 0139', '4012888888881881', 'Cambridge', '2022-11-07'),
  ('Edsger Dijkstra', 'edsger@shortest.example.org', '+31 20 555 0111', '378282246310005', 'Nuenen', '2023-05-11'),
  ('Katherine Johnson', 'katherine@orbit.example.org', '+1 304 555 0126', '6011111111111117', 'Hampton', '2023-08-26'),
  ('Niklaus Wirth', 'niklaus@pascal.example.org', '+41 44 555 0115', '4222222222222', 'Winterthur', '2024-02-15'),
  ('Radia Perlman', 'radia@spanning.example.org', '+1 425 555 0118', '5105105105105100', 'Redmond', '2024-12-18'),
  ('Ken Thompson', 'ken@unix.example.org', '+1 908 555 0104', '3530111333300000', 'Berkeley Heights', '2025-02-04');

insert into orders (customer_id, item, amount, ordered_at)
select 1 + n % 8, (array['keyboard', 'compiler', 'tape drive', 'abacus', 'slide rule'])[1 + n % 5], 19.90 + n % 37 * 13, timestamptz '2026-01-01 08:00Z' + n * interval '7 hours'
from generate_series(1, 240) as n;

grant select, insert, update, delete on all tables in schema public to demo;
grant usage on all sequences in schema public to demo;
`;
