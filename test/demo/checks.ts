/** Checks the transcript's statements against the servers. The demo fails when one is false. */
export class Checks {
  readonly #print: (line: string) => void;
  #failed = 0;
  #checked = 0;

  constructor(print: (line: string) => void) {
    this.#print = print;
  }

  get areAllTrue(): boolean {
    return this.#failed === 0 && this.#checked > 0;
  }

  /** @param check throws or resolves to false when the statement is false */
  async check(claim: string, check: () => boolean | Promise<boolean>): Promise<void> {
    this.#checked++;
    const problem = await problemOf(check);
    if (problem !== null) this.#failed++;
    this.#print(problem === null ? `  ✔ checked: ${claim}` : `  ✘ FALSE: ${claim} (${problem})`);
  }
}

async function problemOf(check: () => boolean | Promise<boolean>): Promise<string | null> {
  try {
    return (await check()) ? null : "it is not so";
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}
