/** A row that was skipped because no version of the bot wrote its content. */
export interface UnreadableRow {
  table: string;
  key: string | number;
}

/** Called for every unreadable row. The other rows are still read. */
export type ReportUnreadable = (row: UnreadableRow) => void;

/** The JSON of a column; `undefined` if it is not JSON. */
export function parseColumn(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
