/**
 * A table for a terminal: heads, then lines. The first column is aligned to the left, the others to
 * the right.
 */
export function textTable(heads: readonly string[], lines: readonly (readonly string[])[]): string {
  const widths = heads.map((head, column) =>
    Math.max(head.length, ...lines.map((line) => line[column]?.length ?? 0)),
  );
  const rule = widths.map((width) => "-".repeat(width));
  return [heads, rule, ...lines]
    .map((line) => line.map((cell, column) => padded(cell, widths[column] ?? 0, column === 0)).join("  "))
    .join("\n");
}

function padded(cell: string, width: number, isFirst: boolean): string {
  return isFirst ? cell.padEnd(width) : cell.padStart(width);
}

const MEBIBYTE = 1_048_576;

export function mebibytes(bytes: number): string {
  return (bytes / MEBIBYTE).toFixed(0);
}

export function kilobytes(bytes: number): string {
  return (bytes / 1000).toFixed(0);
}

export function seconds(ms: number): string {
  return (ms / 1000).toFixed(2);
}

/** The ratio of two numbers, such as `1.25`. */
export function ratio(value: number, of: number): string {
  return (value / of).toFixed(2);
}
