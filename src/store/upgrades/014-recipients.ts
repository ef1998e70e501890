/**
 * For each message of the bot: whether only its recipient may see it, and the rooms of the numbered
 * list in it. That list becomes the recipient's last list when the message is sent.
 */
export const recipients = `
ALTER TABLE outbox ADD COLUMN is_private INTEGER NOT NULL DEFAULT 0;
ALTER TABLE outbox ADD COLUMN numbered_rooms TEXT;
`;
