/**
 * What questions showed, and the answers that count only when they are typed. A question of an
 * earlier version showed nothing that can be compared, so an answer to it does nothing.
 */
export const shown = `
ALTER TABLE question ADD COLUMN typed_words TEXT NOT NULL DEFAULT '[]';
ALTER TABLE question ADD COLUMN shown TEXT NOT NULL DEFAULT '';
`;
