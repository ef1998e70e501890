/**
 * A process works on a run under a lease. The epoch counts the leases of a run. A step names the
 * epoch under which it was taken.
 */
export const leases = `
ALTER TABLE run ADD COLUMN lease_owner TEXT;
ALTER TABLE run ADD COLUMN lease_epoch INTEGER NOT NULL DEFAULT 0;
ALTER TABLE run ADD COLUMN lease_until INTEGER NOT NULL DEFAULT 0;
UPDATE run SET lease_owner = 'before leases' WHERE state = 'running';
ALTER TABLE step ADD COLUMN taken_epoch INTEGER NOT NULL DEFAULT 0;
`;
