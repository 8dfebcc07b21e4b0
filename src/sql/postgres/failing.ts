import { bodyOf, list, names, type Tree, word } from "./tree.js";

/**
 * Functions of the system that fail for no value of what they are given, or only by what is written beside it. An error is an
 * answer: `1 / (ascii(a) - 97)` tells whether a begins with "a". So is a NULL, which no mask hides. Those that carry a value elsewhere are
 * judged as that.
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

/**
 * Those of them that fail, or give NULL where no mask stands, by some of their arguments: a length below zero, a pattern that is none,
 * a row that is not there, a key.
 */
const tellingArguments = new Map<string, readonly number[]>(
  Object.entries({
    ...{ substr: [2], overlay: [2, 3], split_part: [2], format: [0], regexp_replace: [1, 3, 4, 5], encode: [1] },
    ...{ date_part: [0], extract: [0], date_trunc: [0, 2], to_char: [1], array_length: [1] },
    ...{ nth_value: [1], lag: [1], lead: [1], ntile: [0], percentile_cont: [0], percentile_disc: [0] },
    // With such a key whoever looks for another finds NULL.
    ...{ json_object_agg: [0], jsonb_object_agg: [0] },
  }),
);

/** Comparisons, concatenation, and looking into documents. */
const safeOperators = new Set(
  "= <> != < > <= >= || ~~ !~~ ~~* !~~* @> <@ && -> ->> #> #>> ? ?| ?& << >> &< &>".split(" "),
);

/** Operators that fail, or give NULL, by what stands to their right: a pattern's end, a key that is not there. */
const rightTells = new Set("~~ !~~ ~~* !~~* -> ->> #> #>>".split(" "));

/** Whatever is cast to one of these stays what it is. */
const safeTypes = new Set("text varchar bpchar char name citext unknown".split(" "));

/** The arguments by whose values a function of the system may fail, or give NULL. */
export function argumentsThatTell(name: readonly string[], args: readonly unknown[]): readonly unknown[] {
  const bare = name.at(-1) ?? "";
  if (!neverFail.has(bare)) return args;
  // `substring(a from '^c')` looks for a pattern, and gives NULL where there is none; from a place on it finds a text always.
  if (bare === "substring") return isWhole(args[1]) ? args.slice(2) : args;
  if (bare === "json_build_object" || bare === "jsonb_build_object") return args.filter((_, index) => index % 2 === 0);
  return (tellingArguments.get(bare) ?? []).flatMap((index) => (index < args.length ? [args[index]] : []));
}

/** The operands by whose values an operator may fail, or give NULL: `a = 'x' AND NULL` is that of those that are 'x'. */
export function operandsThatTell(body: Tree): readonly unknown[] {
  const kind = word(body.kind);
  const name = names(body.name).at(-1) ?? "";
  switch (kind) {
    case "AEXPR_LIKE":
    case "AEXPR_ILIKE":
      return [body.rexpr];
    case "AEXPR_DISTINCT":
    case "AEXPR_NOT_DISTINCT":
      return [];
    case "":
    case "AEXPR_OP":
      if (rightTells.has(name)) return [body.rexpr];
      return safeOperators.has(name) && !isRow(body.lexpr) ? [] : [body.lexpr, body.rexpr];
    default:
      // IN, ANY, ALL and BETWEEN are made of AND and OR.
      return [body.lexpr, body.rexpr];
  }
}

function isWhole(node: unknown): boolean {
  return bodyOf(node, "A_Const")?.ival !== undefined;
}

function isRow(node: unknown): boolean {
  return bodyOf(node, "RowExpr") !== null;
}

export function castMayFail(typeName: Tree): boolean {
  return !safeTypes.has(names(typeName.names).at(-1) ?? "") || list(typeName.arrayBounds).length > 0;
}
