/** One connection's channels; a person has few, a tool a dozen. */
export const maxChannels = 256;
/** What a client may send to a channel whose command is still held. */
export const maxWaiting = 4 * 1024 * 1024;
/** Of one data message; what every implementation takes. */
export const maxData = 32 * 1024;
/** Nothing would fit into less, or a megabyte become a million messages. */
export const minPacket = 256;
/** Of one channel and direction: what was read whole before it went on, while the other end takes nothing. */
export const maxOverflow = 8 * 1024 * 1024;
/** Requests without an answer yet. */
export const maxReplies = 1_000;
