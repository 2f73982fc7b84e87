// Names that the protocol gives a meaning to. Pure.

/** The room that everyone is in. */
export const LOBBY = 'lobby';
