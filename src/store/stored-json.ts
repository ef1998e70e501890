/** A row that was left out, since no version of the bot wrote it like this. */
export interface UnreadableRow {
  table: string;
  key: string | number;
}

/** Is called for every row that cannot be read; the others are read all the same. */
export type ReportUnreadable = (row: UnreadableRow) => void;

/** The JSON of a column; `undefined` where it is none. */
export function parseColumn(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
