/** The notices that a session may SUBscribe to, as bits. */
export const Watch = { ROOM_USR_NUM: 1, ROOM_LSN_STAT: 2 } as const
