/** One line of a table: its cells by their column's heading. */
export type Row = Readonly<Record<string, string | number>>;

/** A table in plain text: text to the left, numbers to the right. The first row's keys are the columns. */
export function formatTable(rows: readonly Row[]): string {
  const [first] = rows;
  if (!first) return '(nothing)';
  const columns = Object.keys(first).map((heading) => {
    const cells = rows.map((row) => row[heading] ?? '');
    const width = Math.max(heading.length, ...cells.map((cell) => String(cell).length));
    const pad = cells.every((cell) => typeof cell === 'number') ? padStart : padEnd;
    return [heading, '─'.repeat(width), ...cells].map((cell) => pad(String(cell), width));
  });
  const lines = Array.from({ length: rows.length + 2 }, (_, line) =>
    columns.map((column) => column[line] ?? ''),
  );
  return lines.map((cells) => cells.join('  ').trimEnd()).join('\n');
}

const padStart = (text: string, width: number): string => text.padStart(width);
const padEnd = (text: string, width: number): string => text.padEnd(width);
