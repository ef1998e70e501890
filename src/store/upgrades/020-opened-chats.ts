/** A run by files counts the new chats of its owner and of its new account. */
export const openedChats = `
CREATE INDEX opened_chat_for ON opened_chat (owner, at);
CREATE INDEX opened_chat_by ON opened_chat (opened_by, at);
`;
