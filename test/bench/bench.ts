/** What every part of the benchmark works with. */
export interface Bench {
  /** Where populated servers are kept. */
  readonly folder: string;
  readonly log: (line: string) => void;
}
