/** The platform of runs and of steps. Until then there was one. */
export const platforms = `
ALTER TABLE run ADD COLUMN platform TEXT NOT NULL DEFAULT 'matrix';
ALTER TABLE step ADD COLUMN platform TEXT NOT NULL DEFAULT 'matrix';
`;
