/** What every part of the benchmark needs. */
export interface Bench {
  /** Folder that keeps populated servers. */
  readonly folder: string;
  readonly log: (line: string) => void;
}
