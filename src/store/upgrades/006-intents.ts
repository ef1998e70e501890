/**
 * The undo record of a step, stored before the step writes, so that it is known even if the
 * response is lost.
 */
export const intents = `
ALTER TABLE step ADD COLUMN intended TEXT;
`;
