/**
 * The camera: opens it, tells when it goes, and takes it again by itself when it is back.
 *
 * @typedef {import("../shared/faults.js").Fault} Fault
 * @typedef {import("./media.js").Choice} Choice
 * @typedef {import("./settings.js").Facing} Facing
 * @typedef {{deviceId: string, label: string, facing: Facing | null}} CameraInfo
 * @typedef {object} CameraEvents
 * @property {(stream: MediaStream, info: CameraInfo) => void} stream it gives pictures, from now on or again
 * @property {(fault: Fault) => void} fault it gives none; with `retry` it is watched for
 * @property {(devices: CameraInfo[]) => void} devices labels are empty before permission
 * @typedef {{media: MediaDevices | undefined, permissions: Permissions | undefined, href: string}} Environment
 */
import { Backoff } from "../shared/backoff.js";
import { cameraFault, insecureFault, MUTED, UNPLUGGED } from "./camera-faults.js";
import { ask, facingOf, pictureWishes, stopTracks } from "./media.js";

/** Cameras fall silent for a moment when a phone is turned; that is no fault yet, milliseconds. */
const MUTE_GRACE = 1_500;

export class Camera {
  #on;
  #environment;
  #backoff = new Backoff({ first: 1_000, most: 10_000 });
  /** @type {Choice | null} null when it is not wanted */
  #choice = null;
  /** @type {MediaStream | null} */
  #stream = null;
  /** @type {string | null} the camera that was unplugged: the one to wait for */
  #lost = null;
  #faulty = false;
  /** @type {(() => void) | null} goes on by itself if the user allows the camera after all */
  #whenAllowed = null;
  /** Counts the openings. What an earlier one brings at last is closed at once. */
  #turn = 0;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  #timer;

  /**
   * @param {CameraEvents} on
   * @param {Environment} environment
   */
  constructor(on, environment) {
    this.#on = on;
    this.#environment = environment;
    environment.media?.addEventListener("devicechange", () => this.#devicesChanged());
    this.#watchPermission();
  }

  /** Does it give pictures now? */
  get live() {
    return this.#stream !== null && !this.#faulty;
  }

  /**
   * Opens the camera, or changes to another one.
   * @param {Choice} choice
   */
  async start(choice) {
    this.#choice = choice;
    this.#lost = null;
    this.#whenAllowed = null;
    this.#backoff.reset();
    await this.#open();
  }

  /** Closes it: the light goes out, also if it was only just being opened. */
  stop() {
    this.#choice = null;
    this.#whenAllowed = null;
    this.#turn += 1;
    this.#release();
  }

  /**
   * @param {number} width pixels of the longer side that are wanted of it
   */
  async resize(width) {
    if (!this.#choice || this.#choice.width === width) {
      return;
    }
    this.#choice = { ...this.#choice, width };
    const [track] = this.#stream?.getVideoTracks() ?? [];
    // Only wishes, so nothing can be refused but by a track that has just ended, which tells so itself.
    await track?.applyConstraints(pictureWishes(width)).catch(() => {});
  }

  /** Tells the list of cameras. */
  async list() {
    const devices = (await this.#environment.media?.enumerateDevices()) ?? [];
    const cameras = devices.filter(({ kind }) => kind === "videoinput");
    this.#on.devices(
      cameras.map(({ deviceId, label }) => ({
        deviceId,
        label,
        facing: facingOf(undefined, label),
      })),
    );
    return cameras;
  }

  async #open() {
    const choice = this.#choice;
    const { media, href } = this.#environment;
    this.#turn += 1;
    const turn = this.#turn;
    this.#release();
    if (!choice) {
      return;
    }
    if (!media?.getUserMedia) {
      this.#choice = null;
      this.#on.fault(insecureFault(href));
      return;
    }
    try {
      const stream = await ask(media, choice, this.#lost);
      if (turn === this.#turn) {
        this.#adopt(stream);
      } else {
        stopTracks(stream);
      }
    } catch (error) {
      if (turn === this.#turn) {
        await this.#fail(/** @type {DOMException} */ (error), turn);
      }
    }
  }

  /** @param {MediaStream} stream */
  #adopt(stream) {
    const [track] = stream.getVideoTracks();
    const { deviceId = "", facingMode } = track.getSettings();
    const info = { deviceId, label: track.label, facing: facingOf(facingMode, track.label) };
    const tell = () => {
      this.#faulty = false;
      this.#on.stream(stream, info);
    };
    this.#stream = stream;
    this.#lost = null;
    this.#backoff.reset();
    track.onended = () => {
      this.#lost = deviceId;
      this.#release();
      this.#miss(UNPLUGGED);
    };
    track.onmute = () => {
      clearTimeout(this.#timer);
      this.#timer = setTimeout(() => {
        this.#faulty = true;
        this.#on.fault(MUTED);
      }, MUTE_GRACE);
    };
    track.onunmute = () => {
      clearTimeout(this.#timer);
      if (this.#faulty) {
        tell();
      }
    };
    tell();
    this.list();
  }

  /**
   * @param {DOMException} error
   * @param {number} turn
   */
  async #fail(error, turn) {
    const permission = await this.#permission().catch(() => null);
    if (turn !== this.#turn) {
      return;
    }
    const fault = cameraFault(error, permission?.state ?? null);
    if (fault.retry) {
      this.#miss(fault);
      return;
    }
    const choice = this.#choice;
    if (error.name === "NotAllowedError" && choice) {
      this.#whenAllowed = () => this.start(choice);
    }
    this.#choice = null;
    this.#on.fault(fault);
  }

  /** @param {Fault} fault that time or the user's hands may mend */
  #miss(fault) {
    this.#timer = setTimeout(() => this.#tryAgain(), this.#backoff.next());
    this.#on.fault(fault);
  }

  async #tryAgain() {
    const turn = this.#turn;
    const cameras = await this.list();
    if (turn !== this.#turn || !this.#choice || this.#stream) {
      return;
    }
    clearTimeout(this.#timer);
    // Without permission the names are empty: then only asking can tell.
    const back = ({ deviceId = "" }) => deviceId === "" || deviceId === this.#lost;
    if (this.#lost === null || cameras.some(back)) {
      await this.#open();
    } else {
      this.#timer = setTimeout(() => this.#tryAgain(), this.#backoff.next());
    }
  }

  async #devicesChanged() {
    if (this.#choice && !this.#stream) {
      await this.#tryAgain();
    } else {
      await this.list();
    }
  }

  #release() {
    clearTimeout(this.#timer);
    this.#faulty = false;
    if (this.#stream) {
      stopTracks(this.#stream);
      this.#stream = null;
    }
  }

  #permission() {
    const name = /** @type {PermissionName} */ ("camera");
    return this.#environment.permissions?.query({ name }) ?? Promise.resolve(null);
  }

  async #watchPermission() {
    // Some browsers do not know this name. There the user presses Start again.
    const permission = await this.#permission().catch(() => null);
    permission?.addEventListener("change", () => {
      if (permission.state === "granted") {
        this.#whenAllowed?.();
      }
    });
  }
}
