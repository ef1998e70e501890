/** The images that a run has copied, so that no image is uploaded twice. */
export const imageCopies = `
CREATE TABLE image_copy (
  run_id INTEGER NOT NULL REFERENCES run (id) ON DELETE CASCADE,
  url TEXT NOT NULL,
  copy TEXT NOT NULL,
  PRIMARY KEY (run_id, url)
) WITHOUT ROWID;
`;
