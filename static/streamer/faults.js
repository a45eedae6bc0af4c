/**
 * What went wrong, in words, with the remedy.
 *
 * @typedef {{title: string, remedy: string, retry: boolean, pause?: number}} Fault
 *   retry: it mends itself or is worth trying again without the user;
 *   pause: the least milliseconds before that
 */
import { CloseCode, closeCode } from "./protocol.js";

/** A full or flooded server is left alone for as long as it says in its error, milliseconds. */
const LONG_PAUSE = 10_000;

const NOT_FOUND = {
  title: "No camera was found",
  remedy: "Plug one in or switch it on. This page goes on by itself as soon as it is there.",
  retry: true,
};
const IN_USE = {
  title: "The camera is taken",
  remedy:
    "Another program seems to hold it, perhaps a video call. Close that program; this page tries again by itself.",
  retry: true,
};
const CHANGED = {
  title: "The camera that you chose is not there",
  remedy: "Choose another one in the list, or plug it in again.",
  retry: true,
};

/** @type {Record<string, Fault>} name of what getUserMedia throws, old names too */
const CAMERA_FAULTS = {
  NotFoundError: NOT_FOUND,
  DevicesNotFoundError: NOT_FOUND,
  NotReadableError: IN_USE,
  TrackStartError: IN_USE,
  OverconstrainedError: CHANGED,
  AbortError: {
    title: "The camera did not start",
    remedy:
      "This page tries again by itself. If it goes on like this, unplug the camera and plug it in again.",
    retry: true,
  },
  SecurityError: {
    title: "Cameras are switched off for this page",
    remedy:
      "The browser's policy, or the page that this one is embedded in, forbids it. Open this page in a tab of its own, or in another browser.",
    retry: false,
  },
};

/** @type {Fault} */
export const UNPLUGGED = Object.freeze({
  title: "The camera is gone",
  remedy:
    "It was unplugged or switched off. Plug it in again, or choose another one; this page goes on by itself.",
  retry: true,
});

/** @type {Fault} */
export const MUTED = Object.freeze({
  title: "The camera sends no picture",
  remedy:
    "A privacy switch, a call or the system holds it back. This page goes on by itself when the picture returns.",
  retry: true,
});

/** @type {Fault} */
export const MISUNDERSTOOD = Object.freeze({
  title: "The page and the server do not understand each other",
  remedy: "One of them is probably newer. Reload this page.",
  retry: false,
});

/**
 * @param {string} href address of this page
 * @returns {Fault} for a page that browsers give no camera to
 */
export function insecureFault(href) {
  const { host, port, pathname } = new URL(href);
  const local = `http://localhost${port ? `:${port}` : ""}${pathname}`;
  return {
    title: "This page gets no camera",
    remedy: `Browsers give the camera only to pages on HTTPS or localhost. Open https://${host}${pathname} if the server has HTTPS, or ${local} on the machine that the server runs on.`,
    retry: false,
  };
}

/**
 * @param {{name: string, message?: string}} error what getUserMedia threw
 * @param {PermissionState | null} permission that the camera has now; null where it cannot be asked
 * @returns {Fault}
 */
export function cameraFault(error, permission) {
  if (error.name === "NotAllowedError" || error.name === "PermissionDeniedError") {
    return deniedFault(error.message ?? "", permission);
  }
  return (
    CAMERA_FAULTS[error.name] ?? {
      title: "The camera could not be opened",
      remedy: `The browser says: ${error.message || error.name}. Try another camera or another browser.`,
      retry: false,
    }
  );
}

/**
 * @param {string} message
 * @param {PermissionState | null} permission
 * @returns {Fault}
 */
function deniedFault(message, permission) {
  if (/system/i.test(message)) {
    return {
      title: "The system keeps the camera from this browser",
      remedy:
        "Allow this browser to use the camera in the privacy settings of your system, then press Start.",
      retry: false,
    };
  }
  if (permission === "prompt") {
    return {
      title: "The camera was not allowed",
      remedy: "Press Start and choose Allow when the browser asks.",
      retry: false,
    };
  }
  return {
    title: "The camera is blocked for this page",
    remedy:
      "Press the camera or lock sign beside the address and allow the camera. This page goes on by itself then; if it does not, press Start.",
    retry: false,
  };
}

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
    remedy: "A lower quality or a smaller picture helps. This page goes on by itself.",
    retry: true,
  },
  [CloseCode.BAD_FRAMES]: {
    title: "The server could not read the pictures",
    remedy: "Choose another quality or picture size, then press Start.",
    retry: false,
  },
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

/** @param {string} text */
function sentence(text) {
  const first = text.charAt(0).toUpperCase() + text.slice(1);
  return /[.!?]$/.test(first) ? first : `${first}.`;
}
