/**
 * What went wrong, in words, with the remedy.
 *
 * @typedef {{title: string, remedy: string, retry: boolean, pause?: number, isStranger?: boolean}} Fault
 *   retry: it mends itself or is worth trying again without the user;
 *   pause: the least milliseconds before that;
 *   isStranger: the server does not know this visitor, or not any more
 */
import { CloseCode, closeCode } from "./protocol.js";
import { sentence } from "./words.js";

/** A full or flooded server is left alone for as long as it says in its error, milliseconds. */
const LONG_PAUSE = 10_000;

/** @type {Fault} */
export const MISUNDERSTOOD = Object.freeze({
  title: "The page and the server do not understand each other",
  remedy: "One of them is probably newer. Reload this page.",
  retry: false,
});

/** @type {Fault} */
export const BARRED = Object.freeze({
  title: "You may not watch this any more",
  remedy: "Log in, or ask for a new link.",
  retry: false,
  isStranger: true,
});

/** @type {Record<number, Fault>} close code -> fault of a session that had begun */
const CLOSE_FAULTS = {
  [CloseCode.ENDED]: {
    title: "The server ended the session",
    remedy: "A new one begins by itself.",
    retry: true,
  },
  [CloseCode.BAD_MESSAGE]: MISUNDERSTOOD,
  [CloseCode.BAD_JSON]: MISUNDERSTOOD,
  [CloseCode.NOT_READING]: {
    title: "This browser was too slow to take the pictures",
    remedy: "Smaller or fewer pictures help. This page goes on by itself.",
    retry: true,
  },
  [CloseCode.BAD_FRAMES]: {
    title: "The server could not use the pictures",
    remedy: "Choose another quality or picture size, then press Start.",
    retry: false,
  },
  [CloseCode.NO_STREAM]: BARRED,
  [CloseCode.CREDIT_EXCEEDED]: {
    title: "This page sent more than the server could take",
    remedy: "This page goes on by itself, more slowly.",
    retry: true,
  },
  [CloseCode.TOO_LARGE]: {
    title: "The pictures are too large for the server",
    remedy: "Choose a smaller picture or a lower quality, then press Start.",
    retry: false,
  },
  [CloseCode.RESTARTING]: {
    title: "The server is restarting",
    remedy: "This page goes on by itself, with the same settings.",
    retry: true,
  },
  [CloseCode.FULL]: {
    title: "The server is full",
    remedy: "This page goes on by itself as soon as there is room.",
    retry: true,
    pause: LONG_PAUSE,
  },
  [CloseCode.TOO_MANY]: {
    title: "Too many connections from here",
    remedy: "The server asks for a pause. This page goes on by itself after that.",
    retry: true,
    pause: LONG_PAUSE,
  },
};

/** @type {Fault} */
const OFFLINE = {
  title: "This device is offline",
  remedy: "This page goes on by itself when the network is back.",
  retry: true,
};

/**
 * @param {number} code of the close event
 * @param {{greeted: boolean, online: boolean, message?: string | null}} circumstances
 *   greeted: the server had said hello; message: of the error that came before the close
 * @returns {Fault}
 */
export function closeFault(code, { greeted, online, message = null }) {
  const known = CLOSE_FAULTS[closeCode(code)];
  if (known) {
    // The server's own words tell more, such as when to come back.
    return message ? { ...known, remedy: sentence(message) } : known;
  }
  if (!online) {
    return OFFLINE;
  }
  return {
    title: greeted ? "The server is gone" : "The server does not answer",
    remedy: message
      ? sentence(message)
      : "It may be restarting, or the network is away. This page goes on by itself, with the same settings.",
    retry: true,
  };
}
