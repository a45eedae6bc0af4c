/**
 * Why there is no picture from the camera, in words, with the remedy.
 *
 * @typedef {import("../shared/faults.js").Fault} Fault
 */

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
