/**
 * Why the bot cannot start, or cannot go on without a new start, in a sentence for the operator
 * (`another process uses this data directory`). It is shown without a stack.
 */
export class StartProblem extends Error {
  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = "StartProblem";
  }
}
