/**
 * One run from Start to Stop. The camera comes first; the exchange with the server is open exactly
 * while the camera gives pictures and the page is seen, or others see them.
 *
 * @typedef {import("./camera.js").CameraEvents} CameraEvents
 * @typedef {import("./camera.js").CameraInfo} CameraInfo
 * @typedef {import("./exchange.js").ExchangeEvents} ExchangeEvents
 * @typedef {import("./exchange.js").ExchangeParts} ExchangeParts
 * @typedef {import("../shared/faults.js").Fault} Fault
 * @typedef {import("./status.js").State} State
 * @typedef {object} OwnEvents
 * @property {(state: State) => void} state
 * @property {(info: CameraInfo) => void} camera it gives pictures, from now on or again
 * @property {(devices: CameraInfo[]) => void} devices
 * @property {() => void} sharing it is another
 * @typedef {OwnEvents & Omit<ExchangeEvents, "changed" | "shared">} SessionEvents
 */
import { Camera } from "./camera.js";
import { Exchange } from "./exchange.js";
import { Sharing } from "./sharing.js";

export class Session {
  #on;
  #settings;
  #meter;
  #video;
  #camera;
  #exchange;
  #wanted = false;
  #visible = true;
  /** From one camera to another: the connection stays. */
  #switching = false;
  /** @type {Fault | null} why it stopped */
  #fatal = null;
  /** @type {Fault | null} */
  #cameraFault = null;
  /** @type {Fault | null} why the last connection was lost, until another one stands */
  #linkFault = null;
  /** The last state that was told, as JSON. */
  #told = "";

  /**
   * @param {ExchangeParts & {environment: import("./camera.js").Environment, on: SessionEvents}} parts
   */
  constructor({ environment, on, ...parts }) {
    this.#on = on;
    this.#settings = parts.settings;
    this.#meter = parts.meter;
    this.#video = parts.video;
    this.#camera = new Camera(this.#cameraEvents(), environment);
    this.#exchange = new Exchange({
      ...parts,
      on: {
        ...on,
        changed: () => this.#linkChanged(),
        shared: (answer) => this.sharing.told(answer),
      },
    });
    /** Whether others see it. */
    this.sharing = new Sharing({
      send: (message) => this.#exchange.tell(message),
      changed: () => {
        on.sharing();
        this.#hideOrShow();
      },
    });
  }

  /** What is going on. @returns {State} */
  get state() {
    if (!this.#wanted) {
      return this.#fatal ? { name: "failed", fault: this.#fatal } : { name: "idle" };
    }
    if (this.#cameraFault) {
      return { name: "camera", fault: this.#cameraFault };
    }
    if (!this.#active) {
      return { name: "paused" };
    }
    if (!this.#camera.live) {
      return { name: "asking" };
    }
    const { linkState, answered, silent } = this.#exchange;
    if (linkState.name === "waiting") {
      return linkState;
    }
    if (!answered) {
      return { name: "connecting", fault: this.#linkFault ?? undefined };
    }
    return { name: silent ? "quiet" : "live" };
  }

  /** What is sent less than the user wants, and why; null where all is sent. */
  get reduced() {
    return this.#exchange.reduced;
  }

  start() {
    this.#meter.reset();
    this.#begin();
    this.#openCamera();
  }

  stop() {
    this.#end(null);
  }

  /** Another camera was chosen. */
  changeCamera() {
    if (this.#wanted) {
      this.#cameraFault = null;
      this.#switching = this.#camera.live;
      this.#openCamera();
    }
  }

  /** Other settings were chosen; they hold from the next picture on. */
  changeSettings() {
    this.#camera.resize(this.#settings().width);
    this.#exchange.changeSettings();
  }

  /** @param {boolean} visible is the page seen? */
  show(visible) {
    this.#visible = visible;
    this.#hideOrShow();
  }

  /** The network is back. */
  online() {
    this.#exchange.retryNow();
  }

  /** Tells the list of cameras. */
  listCameras() {
    return this.#camera.list();
  }

  /** To be called several times a second: notices silence, which makes no event of its own. */
  tick() {
    this.#exchange.tick();
    this.#tell();
  }

  /** Is the page seen, or are its pictures seen by others? */
  get #active() {
    return this.#visible || this.sharing.wanted;
  }

  #hideOrShow() {
    this.#exchange.hide(!this.#visible && this.sharing.wanted);
    this.#reconcile();
  }

  #tell() {
    const state = this.state;
    const told = JSON.stringify(state);
    if (told !== this.#told) {
      this.#told = told;
      this.#on.state(state);
    }
  }

  #openCamera() {
    const { camera, facing, width } = this.#settings();
    this.#camera.start({ deviceId: camera, facing, width });
    this.#reconcile();
  }

  #begin() {
    this.#wanted = true;
    this.#switching = false;
    this.#fatal = null;
    this.#cameraFault = null;
    this.#linkFault = null;
  }

  /** @param {Fault | null} fault why; null when the user asked for it */
  #end(fault) {
    this.#wanted = false;
    this.#fatal = fault;
    this.#switching = false;
    this.#video.srcObject = null;
    // A camera that was refused stays on the watch: the user may allow it yet.
    if (!fault || this.#camera.live) {
      this.#camera.stop();
    }
    this.sharing.end();
    this.#reconcile();
  }

  #reconcile() {
    if (this.#wanted && this.#active && this.#camera.live) {
      this.#exchange.open();
    } else if (!this.#switching || !this.#active) {
      this.#exchange.close();
    }
    this.#tell();
  }

  #linkChanged() {
    const state = this.#exchange.linkState;
    if (state.name === "failed" && this.#wanted) {
      this.#end(state.fault);
      return;
    }
    this.sharing.follow(state.name);
    if (state.name === "waiting") {
      this.#linkFault = state.fault;
    } else if (this.#exchange.answered) {
      this.#linkFault = null;
    }
    this.#tell();
  }

  /** @returns {CameraEvents} */
  #cameraEvents() {
    return {
      devices: (devices) => this.#on.devices(devices),
      fault: (fault) => {
        if (fault.retry) {
          this.#switching = false;
          this.#cameraFault = fault;
          this.#reconcile();
        } else {
          this.#end(fault);
        }
      },
      stream: (stream, info) => {
        this.#begin();
        if (this.#video.srcObject !== stream) {
          this.#video.srcObject = stream;
          // Refused only when yet another stream takes its place, which then plays.
          this.#video.play().catch(() => {});
        }
        this.#on.camera(info);
        this.#reconcile();
      },
    };
  }
}
