import type { ReactNode } from "react";

export interface Column<Row> {
  readonly name: string;
  readonly cell: (row: Row) => ReactNode;
  /** Buttons: no heading to see, to the right. */
  readonly actions?: boolean;
}

interface DataTableProps<Row> {
  readonly label: string;
  readonly columns: readonly Column<Row>[];
  readonly rows: readonly Row[];
  readonly keyOf: (row: Row) => string;
  readonly muted?: (row: Row) => boolean;
}

/** A table; on a narrow screen each row becomes a card whose cells carry their column's name. */
export function DataTable<Row>({ label, columns, rows, keyOf, muted }: DataTableProps<Row>) {
  return (
    <table className="table" aria-label={label}>
      <thead>
        <tr>
          {columns.map((column) => (
            <th key={column.name} scope="col">
              {column.actions ? <span className="unseen">{column.name}</span> : column.name}
            </th>
          ))}
        </tr>
      </thead>
      <tbody>
        {rows.map((row) => (
          <tr key={keyOf(row)} data-muted={muted?.(row) || undefined}>
            {columns.map((column) => (
              <td key={column.name} data-label={column.actions ? undefined : column.name} data-actions={column.actions}>
                {column.cell(row)}
              </td>
            ))}
          </tr>
        ))}
      </tbody>
    </table>
  );
}
