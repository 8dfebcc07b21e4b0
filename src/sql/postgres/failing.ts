import { list, names, type Tree, word } from "./tree.js";

/**
 * Functions of the system that fail for no value of what they are given, or only by what is written beside it. An error is an
 * answer: `1 / (ascii(a) - 97)` tells whether a begins with "a". Those that carry a value elsewhere are judged as that.
 */
const neverFail = new Set(
  `upper lower initcap length char_length character_length octet_length bit_length trim btrim ltrim rtrim left right reverse ascii
   concat concat_ws replace translate split_part position strpos starts_with substring substr overlay quote_literal quote_nullable quote_ident
   md5 sha224 sha256 sha384 sha512 hashtext encode to_json to_jsonb row_to_json array_to_json json_build_array json_build_object
   jsonb_build_array jsonb_build_object json_agg jsonb_agg json_object_agg jsonb_object_agg array_agg string_agg xmlagg array_to_string
   array_length cardinality array_append array_prepend array_cat min max count sum avg any_value mode stddev stddev_pop stddev_samp
   variance var_pop var_samp bool_and bool_or every first_value last_value nth_value lag lead row_number rank dense_rank percent_rank
   cume_dist ntile percentile_cont percentile_disc date_part date_trunc extract age to_char abs round ceil ceiling floor trunc sign isfinite
   nullif coalesce greatest least format regexp_replace pg_typeof unnest json_array_elements jsonb_array_elements
   set_config pg_notify setval nextval lo_from_bytea pg_advisory_lock pg_advisory_xact_lock pg_sleep json_each jsonb_each json_typeof jsonb_typeof jsonb_pretty masklen host family network netmask`
    .trim()
    .split(/\s+/),
);

/** Comparisons, concatenation, and looking into documents. */
const safeOperators = new Set(
  "= <> != < > <= >= || ~~ !~~ ~~* !~~* @> <@ && -> ->> #> #>> ? ?| ?& << >> &< &> @@".split(" "),
);

/** Whatever is cast to one of these stays what it is. */
const safeTypes = new Set("text varchar bpchar char name citext unknown".split(" "));

/** Whether a function of the system may fail by a value that it is given. */
export function callMayFail(name: readonly string[]): boolean {
  return !neverFail.has(name.at(-1) ?? "");
}

export function operatorMayFail(body: Tree): boolean {
  const kind = word(body.kind);
  if (kind !== "" && kind !== "AEXPR_OP") return false;
  const name = names(body.name).at(-1) ?? "";
  return !safeOperators.has(name);
}

export function castMayFail(typeName: Tree): boolean {
  return !safeTypes.has(names(typeName.names).at(-1) ?? "") || list(typeName.arrayBounds).length > 0;
}
