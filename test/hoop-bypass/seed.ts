/** What nobody may see has one of these in it, whatever else was done to it. */
export const canary = /canary|yranac|63616e617279|Y2FuYXJ5|49291234|32343933/i;

/**
 * A shop as its owner left it: values that are masked in base tables, partitions, children, views, foreign tables, and what
 * a person might use to carry them elsewhere.
 */
export const seed = (folder: string, port: number): string => `
create table customers (id int primary key, name text, email text, card_number text, ssn text);
insert into customers select n, 'name ' || n, 'canary-' || n || '-x@canary.example', '492912341234000' || n, 'ssn-canary-' || n from generate_series(1, 5) n;
create unique index customers_email on customers (email);
create table orders (id int primary key, customer_id int references customers on delete cascade, note text, total int);
insert into orders select n, n, 'note ' || n, n * 10 from generate_series(1, 5) n;
create table notes (id serial, body text);
insert into notes (body) values ('nothing');
create table people (id int, name text, email text) partition by list (id);
create table people_1 partition of people for values in (1);
create table people_2 partition of people for values in (2);
insert into people values (1, 'p1', 'canary-p1@x.example'), (2, 'p2', 'canary-p2@x.example');
create table contacts (id int, email text);
create table contacts_old (since int) inherits (contacts);
insert into contacts_old values (1, 'canary-old@x.example', 7);
create table generated (id int, twice int generated always as (id * 2) stored, email text, name text);
insert into generated (id, email, name) values (1, 'canary-g@x.example', 'g');
create table wide (id int, email text, gone int, name text);
alter table wide drop column gone;
insert into wide values (1, 'canary-w@x.example', 'w');
create table docs (id int, doc jsonb, email text);
insert into docs values (1, '{"a": 1}', 'canary-d@x.example');
create view mails as select id as customer, email as label from customers;
create view mails_twice as select label as name from mails;
create view harmless as select id, name from customers;
create materialized view stored as select id, email as label from customers;
create function mail_of(int) returns text language sql immutable as 'select email from public.customers where id = $1';
create function mail_by(p int) returns text language plpgsql stable as $$ begin return (select email from public.customers where id = p); end $$;
create function everyone() returns setof customers language sql stable as 'select * from public.customers';
create function pairs(out a int, out b text) returns setof record language sql stable as 'select id, email from public.customers';
create function dynamic(t text) returns text language plpgsql as $$ declare r text; begin execute t into r; return r; end $$;
create function opened() returns refcursor language plpgsql as $$ declare c refcursor := 'opened'; begin open c for select email as x from public.customers; return c; end $$;
create function ping(int, text) returns text language plpgsql stable as $$ begin if $1 = 0 then return (select email from public.customers limit 1); end if; return pong($1 - 1, $2); end $$;
create function pong(int, text) returns text language plpgsql stable as $$ begin return ping($1, $2); end $$;
create schema hidden;
create table hidden.customers (id int, mark text);
create table hidden.orders (id int, mark text);
create extension dblink;
create extension postgres_fdw;
create server loop foreign data wrapper postgres_fdw options (host '${folder}', port '${port}', dbname 'seed');
create user mapping for public server loop options (user 'postgres', password_required 'false');
create foreign table far (id int, label text) server loop options (table_name 'customers');
alter foreign table far alter column label options (column_name 'email');
create sequence counter;
create domain short as text check (length(value) < 3);
create type pair as (a int, b text);
create role clerk login password 'clerk';
grant usage on schema public to clerk;
grant select, insert, update, delete on all tables in schema public to clerk;
grant usage on all sequences in schema public to clerk;
grant usage on foreign server loop to clerk;
analyze;
`;
