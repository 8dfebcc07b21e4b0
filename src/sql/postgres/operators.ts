/** Operators of the system schema, by name; any other one calls a function that somebody added. */
const known = new Set(
  `! !! !!= != !~ !~* !~~ !~~* # ## #- #< #<= #<> #= #> #>> #>= % %% & && &&& &< &<| &> * *< *<= *<> *= *> *>= *~* + - -> ->> -|- / < <-> << <<= <<| <= <>
   <@ <^ = > >= >> >>= >^ ? ?# ?& ?- ?-| ?| ?|| @ @- @> @? @@ @@@ @~ ^ ^@ | |&> |/ |>> || ||/ ~ ~* ~< ~<=~ ~<~ ~= ~>=~ ~>~ ~~ ~~* @-@ ~>= ~<= ~>`
    .trim()
    .split(/\s+/),
);

export function isSystemOperator(name: string): boolean {
  return known.has(name);
}
