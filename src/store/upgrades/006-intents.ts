/**
 * What it takes to take back what a step is about to write: stored before the write, so that it is
 * known even where the answer is lost.
 */
export const intents = `
ALTER TABLE step ADD COLUMN intended TEXT;
`;
