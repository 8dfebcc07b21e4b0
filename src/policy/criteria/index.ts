import { attributes } from "./attributes.js";
import { cel } from "./cel.js";
import { columns } from "./columns.js";
import { connection } from "./connection.js";
import type { Criterion } from "./criterion.js";
import { effects } from "./effects.js";
import { escapes } from "./escapes.js";
import { estimatedRows } from "./estimated-rows.js";
import { functions } from "./functions.js";
import { group } from "./group.js";
import { kind } from "./kind.js";
import { label } from "./label.js";
import { noWhere } from "./no-where.js";
import { protocol } from "./protocol.js";
import { relations } from "./relations.js";
import { sequentialScan } from "./sequential-scan.js";
import { subject } from "./subject.js";
import { time } from "./time.js";
import { utility } from "./utility.js";

/** Every criterion that a rule can name. Within a rule they are tried in this order: the clock late, the planner last. */
export const criteria = [
  group,
  subject,
  kind,
  connection,
  label,
  protocol,
  effects,
  noWhere,
  escapes,
  utility,
  relations,
  columns,
  functions,
  attributes,
  cel,
  time,
  estimatedRows,
  sequentialScan,
] as const satisfies readonly Criterion[];
