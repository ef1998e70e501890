/**
 * The indexes that statements use, and none that no statement uses. `waits_for_side` is the side in
 * the outcome of a waiting step, so that steps are counted without reading their outcomes. Knocks
 * have a lane of their own. Of the edits that show progress only the last one of a message is kept.
 */
export const indexes = `
ALTER TABLE step ADD COLUMN waits_for_side TEXT;
UPDATE step SET waits_for_side = json_extract(outcome, '$.side')
  WHERE state = 'pending' AND json_valid(outcome) AND json_extract(outcome, '$.side') IN ('source', 'target');
UPDATE step SET lane = side || ':knocks' WHERE kind = 'knock' AND state IN ('pending', 'taken');

DROP INDEX step_next;
CREATE INDEX step_next ON step (run_id, lane, stage, id, not_before) WHERE state = 'pending' AND is_blocked = 0;
DROP INDEX step_open;
CREATE INDEX step_count ON step (run_id, state, is_blocked, lane, kind, waiting_for, waits_for_side, not_before);
DROP INDEX run_alive;
CREATE INDEX run_of_state ON run (state);
CREATE INDEX run_room_joined ON run_room (run_id, joined_at);
CREATE INDEX run_room_route ON run_room (run_id, route);
CREATE INDEX run_room_status ON run_room (run_id, is_replacement, status);
DROP INDEX question_open;
CREATE INDEX question_of_room ON question (owner, room_id);

CREATE INDEX outbox_in_room ON outbox (room_id, priority, id) WHERE finished_at IS NULL;
CREATE INDEX outbox_edit ON outbox (edits, finished_at) WHERE edits IS NOT NULL;
CREATE INDEX outbox_person ON outbox (for_user, room_id) WHERE for_user IS NOT NULL;
CREATE INDEX outbox_finished ON outbox (finished_at) WHERE finished_at IS NOT NULL;
CREATE INDEX received_event_handled ON received_event (handled_at) WHERE handled_at IS NOT NULL;
DELETE FROM outbox WHERE edits IS NOT NULL AND finished_at IS NOT NULL AND priority = 2 AND id < (
  SELECT max(newer.id) FROM outbox AS newer
  WHERE newer.edits = outbox.edits AND newer.event_id IS NOT NULL
);
`;
