/** psql's commands that describe a database. */
export const psqlCommands: readonly string[] = String.raw`
\d
\d+
\dS
\d customers
\d+ customers
\d+ orders
\d orders
\d+ people
\d people
\d+ events
\d events_1
\d customers_pkey
\d+ orders_id_seq
\d customers_mail
\d+ addresses
\d composite
\d pg_class
\d pg_stats
\d+ pg_stat_activity
\d abroad
\d+ abroad
\da
\da+
\daS sum
\dA
\dA+
\dAc
\dAc+ btree
\dAf
\dAf+ btree integer
\dAo
\dAo+ hash
\dAp
\dAp+ btree integer_ops
\db
\db+
\dc
\dcS+ utf8_to_*
\dconfig
\dconfig+ work_mem
\dC
\dC+ int4
\dd
\ddS sum
\dD
\dD+
\ddp
\dE
\dE+
\des
\des+
\det
\det+
\deu
\dew
\dew+
\df
\df+
\dfn public.*
\dft
\df+ public.counted
\dfS generate_series
\dF
\dF+ english
\dFd
\dFd+ english_stem
\dFp
\dFp+ default
\dFt
\dFt+
\dg
\dg+
\di
\di+
\dl
\lo_list
\dL
\dL+
\dLS
\dm
\dm+
\dn
\dn+
\dnS+
\do
\doS+ ->>
\dO
\dOS+ "C"
\dp
\dp customers
\z
\dP
\dP+
\dPti+
\drds
\dRp
\dRp+
\dRs
\ds
\ds+
\dt
\dt+
\dtS+ pg_class
\dT
\dT+
\dTS+ int4
\du
\du+
\duS
\dv
\dv+
\dx
\dx+
\dX
\dy
\dy+
\l
\l+
\sf mail_of
\sf+ mail_of
\sf counted
\sv people
\sv+ people
\encoding
`
  .trim()
  .split("\n");
