/** A column of fixed width. Longer cells are truncated with an ellipsis. */
export interface Column {
  readonly title: string;
  readonly width: number;
}

export function formatHeader(columns: readonly Column[]): string {
  return formatRow(
    columns,
    columns.map(({ title }) => title),
  );
}

/** One line, without trailing spaces. */
export function formatRow(columns: readonly Column[], cells: readonly string[]): string {
  const parts = columns.map(({ width }, index) => fitToWidth(cells[index] ?? '', width));
  return `${parts.join('  ').trimEnd()}\n`;
}

function fitToWidth(cell: string, width: number): string {
  return cell.length > width ? `${cell.slice(0, width - 1)}…` : cell.padEnd(width);
}

/** Untrusted text as a single line: whitespace and control characters become spaces. */
export function singleLine(text: string): string {
  return text.replace(/[\u0000-\u001f\u007f-\u009f\u2028\u2029\s]+/g, ' ').trim();
}

/** Untrusted text with its line feeds and tabs; other control characters, which could affect the terminal, become spaces. */
export function stripControlChars(text: string): string {
  return text.replace(/[\u0000-\u0008\u000b-\u001f\u007f-\u009f]/g, ' ');
}

/** Rows in columns as wide as their widest cell; control characters are removed. */
export function alignColumns(rows: readonly (readonly string[])[]): string {
  const cells = rows.map((row) => row.map(singleLine));
  const width = (index: number): number => Math.max(...cells.map((row) => row[index]?.length ?? 0));
  const widths = (cells[0] ?? []).map((_, index) => width(index));
  return cells
    .map(
      (row) =>
        `${row
          .map((cell, index) => cell.padEnd(widths[index] ?? 0))
          .join('  ')
          .trimEnd()}\n`,
    )
    .join('');
}
