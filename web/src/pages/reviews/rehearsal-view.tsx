import type { Rehearsal, SampleRow } from "../../api/review-types.js";
import { CodeBlock } from "../../ui/code-block.js";
import { VisibleText } from "../../ui/visible-text.js";

type Tried = Extract<Rehearsal, { kind: "tried" }>;

/** What it would do: tried out and rolled back, or why that could not be done. */
export function RehearsalView({ rehearsal }: { rehearsal: Rehearsal }) {
  return (
    <section className="card stack" aria-label="What it would do">
      <h2 className="section-title">What it would do</h2>
      {rehearsal.kind === "none" && <p className="dialog-text dim">It was not tried out: {rehearsal.why}.</p>}
      {rehearsal.kind === "estimated" && (
        <>
          <p className="dialog-text">
            It was not tried out: {rehearsal.why}. The target's planner expects <strong>{rows(rehearsal.rows)}</strong>.
          </p>
          <CodeBlock label="Plan">{rehearsal.plan}</CodeBlock>
        </>
      )}
      {rehearsal.kind === "tried" && <TriedOut tried={rehearsal} />}
    </section>
  );
}

const rows = (count: number) => (count === 1 ? "1 row" : `${count.toLocaleString("en")} rows`);

function TriedOut({ tried }: { tried: Tried }) {
  const shown = Math.max(tried.before.length, tried.after.length);
  return (
    <>
      <p className="dialog-text">
        Tried out and rolled back: <strong>{rows(tried.rows)}</strong>
        {shown > 0 && shown < tried.rows && <span className="dim">, {shown} of them below</span>}.
      </p>
      {tried.triggers.length + tried.cascades.length > 0 && (
        <ul className="tags" aria-label="What runs with it">
          {tried.triggers.map((name) => (
            <li key={name} className="tag">
              trigger {name}
            </li>
          ))}
          {tried.cascades.map((name) => (
            <li key={name} className="tag">
              cascades to {name}
            </li>
          ))}
        </ul>
      )}
      {shown > 0 && <BeforeAfter tried={tried} count={shown} />}
      {tried.ran !== null && (
        <details className="entry-details">
          <summary>The text that ran, with RETURNING appended by Hoop</summary>
          <CodeBlock label="Text that ran">{tried.ran}</CodeBlock>
        </details>
      )}
    </>
  );
}

/** Each row as it was and as it would be; only what differs stands out. */
function BeforeAfter({ tried, count }: { tried: Tried; count: number }) {
  const columns = [...new Set([...tried.before, ...tried.after].flatMap((row) => Object.keys(row)))];
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: a region that scrolls has to be reachable
    <section className="scroll-x" tabIndex={0} aria-label="Rows before and after">
      <table className="rehearsal" aria-label="Before and after">
        <thead>
          <tr>
            {columns.map((column) => (
              <th key={column} scope="col">
                {column}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {Array.from({ length: count }, (_, i) => (
            // biome-ignore lint/suspicious/noArrayIndexKey: samples have no key but their place
            <tr key={i} data-kind={kindOf(tried.before[i], tried.after[i])}>
              {columns.map((column) => (
                <td key={column}>
                  <Change before={tried.before[i]?.[column]} after={tried.after[i]?.[column]} />
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  );
}

function kindOf(before: SampleRow | undefined, after: SampleRow | undefined): "added" | "removed" | "changed" {
  return before === undefined ? "added" : after === undefined ? "removed" : "changed";
}

function Change({ before, after }: { before: string | null | undefined; after: string | null | undefined }) {
  if (before === after) return <Value value={before} />;
  return (
    <>
      {before !== undefined && (
        <del>
          <Value value={before} />
        </del>
      )}
      {after !== undefined && (
        <ins>
          <Value value={after} />
        </ins>
      )}
    </>
  );
}

function Value({ value }: { value: string | null | undefined }) {
  if (value === undefined) return null;
  return value === null ? <em className="dim">NULL</em> : <VisibleText text={value} />;
}
