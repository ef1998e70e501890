/** A row that was skipped because no version of the bot wrote its content. */
export interface UnreadableRow {
  table: string;
  key: string | number;
}

/** Called for every unreadable row. The other rows are still read. */
export type ReportUnreadable = (row: UnreadableRow) => void;

/** Reports each row once: a watched run reads its rows again and again. */
export function eachOnce(report: ReportUnreadable): ReportUnreadable {
  const reported = new Set<string>();
  return (row) => {
    const name = `${row.table} ${row.key}`;
    if (reported.has(name)) return;
    reported.add(name);
    report(row);
  };
}

/** The JSON of a column; `undefined` if it is not JSON. */
export function parseColumn(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
