/**
 * Why the bot cannot start, in words for whoever runs it (`another process uses this data
 * directory`); no stack is shown for it.
 */
export class StartProblem extends Error {
  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = "StartProblem";
  }
}
