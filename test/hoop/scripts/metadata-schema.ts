/** A database that has something of every kind that tools ask for. */
export const metadataSchema = `
create role reader;
create role ada_reads in role reader;
alter role reader set work_mem = '8MB';
create table customers (id int primary key, name text, email text not null unique, phone text, born date, doc jsonb,
  check (length(name) > 0));
comment on table customers is 'who buys';
comment on column customers.email is 'where to write to';
insert into customers values (1, 'ann', 'ann@example.org', '+32 470 12 34 56', '1970-01-01', '{"email": "ann@example.org"}');
create index customers_lower on customers (lower(email));
create statistics customers_stats (dependencies, mcv) on name, email from customers;
create table orders (id serial primary key, customer_id int references customers (id) on delete cascade, note text default 'none',
  twice int generated always as (customer_id * 2) stored);
create table addresses (street text, email text) inherits (orders);
create view people as select id, name, email from customers where id > 0;
create materialized view customers_mail as select email from customers;
create table events (at date not null, email text) partition by range (at);
create table events_1 partition of events for values from ('2026-01-01') to ('2026-02-01');
create type composite as (a int, email text);
create type mood as enum ('sad', 'glad');
create domain positive as int check (value > 0);
create function mail_of(p int) returns text language sql stable as 'select email from customers where id = p';
create function counted(p int) returns table (n int, label text) language plpgsql as $$
  begin return query select g, 'n' || g from generate_series(1, p) g; end $$;
create function elements_of(p int, out element text) returns setof text language plpgsql as $$
  begin return query values ('one'); end $$;
create function mails(out mail text) returns setof text language sql as 'select email from customers';
create function noticed() returns trigger language plpgsql as $$ begin return new; end $$;
create trigger customers_noticed before update on customers for each row execute function noticed();
create aggregate adding (int) (sfunc = int4pl, stype = int, initcond = '0');
alter table customers enable row level security;
create policy everybody on customers for select to reader using (name <> 'nobody');
grant select on customers to reader;
grant select (id, note) on orders to reader;
alter default privileges in schema public grant select on tables to reader;
create schema audit;
comment on schema audit is 'what happened';
create publication changes for table orders (id, note) where (id > 0);
create foreign data wrapper elsewhere;
create server far foreign data wrapper elsewhere options (host 'far.example.org');
create user mapping for public server far options (password 'qzx7');
create foreign table abroad (id int, email text) server far options (table_name 'abroad');
create function watch() returns event_trigger language plpgsql as $$ begin end $$;
create event trigger watched on ddl_command_end execute function watch();
`;
