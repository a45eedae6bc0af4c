/**
 * The exchange with the server: pictures of a video go there, results come back, and what is too old
 * is sorted out. It knows nothing of who wants it, or of the page.
 *
 * @typedef {import("./capture.js").Form} Form
 * @typedef {import("./link.js").LinkState} LinkState
 * @typedef {import("../shared/protocol.js").Hello} Hello
 * @typedef {import("../shared/protocol.js").InForce} InForce
 * @typedef {import("../shared/protocol.js").Result} Result
 * @typedef {import("../shared/protocol.js").ServerError} ServerError
 * @typedef {import("../shared/protocol.js").SharingAnswer} SharingAnswer
 * @typedef {import("./settings.js").Settings} Settings
 * @typedef {import("./status.js").Reduced} Reduced
 * @typedef {object} ExchangeEvents
 * @property {() => void} changed the state of the link, or whether results come in
 * @property {(hello: Hello) => void} hello
 * @property {(settings: InForce) => void} settings in force from now on
 * @property {(error: ServerError) => void} refused settings
 * @property {(error: ServerError) => void} error about one frame, or about the session before a close
 * @property {(answer: SharingAnswer) => void} shared
 * @property {(result: Result, captured: number) => void} result fresh enough to be shown
 * @typedef {object} ExchangeParts
 * @property {HTMLVideoElement} video pictures are taken from it
 * @property {string} url of the WebSocket
 * @property {() => Settings} settings as they are now
 * @property {import("../shared/meter.js").Meter} meter
 * @property {() => number} now milliseconds
 * @property {(url: string, protocol: string) => WebSocket} [openSocket]
 * @property {() => boolean} [online]
 */
import { Adaptation } from "./adaptation.js";
import { Capture } from "./capture.js";
import { Link } from "./link.js";
import { isFresh, Pacer } from "./pacing.js";
import { Sender } from "./sender.js";
import { serverSettings } from "./settings.js";

/** A server that is silent for longer is given up; another connection may find it back, milliseconds. */
const GIVE_UP = 10_000;

export class Exchange {
  #on;
  #video;
  #settings;
  #meter;
  #now;
  #pacer = new Pacer();
  #adaptation = new Adaptation();
  #capture;
  #link;
  #sender;
  #lastResult = 0;
  /** When the first settings were told to the server, until it has answered. @type {number | null} */
  #greeted = null;
  /** Names of the detectors that the server has. @type {string[]} */
  #offered = [];

  /** @type {LinkState} */
  linkState = { name: "closed" };
  /** Has this connection brought a result? */
  answered = false;

  /** @param {ExchangeParts & {on: ExchangeEvents}} parts */
  constructor({ video, url, settings, meter, now, on, openSocket, online }) {
    this.#on = on;
    this.#video = video;
    this.#settings = settings;
    this.#meter = meter;
    this.#now = now;
    this.#capture = new Capture(video, () => this.#sender.pump());
    this.#link = new Link({
      url,
      openSocket,
      online,
      on: this.#linkEvents(),
      settings: () => this.#wanted,
    });
    this.#sender = new Sender({
      capture: this.#capture,
      link: this.#link,
      pacer: this.#pacer,
      meter,
      form: () => this.#form,
      now,
    });
  }

  /** Does the server owe an answer for longer than is usual? */
  get silent() {
    return this.#pacer.isSilent(this.#now());
  }

  /** What is sent less than the user wants, and why; null where all is sent. @returns {Reduced | null} */
  get reduced() {
    const { ceiling, rung, slow } = this.#adaptation;
    const { pace } = this.#pacer;
    if (slow === null && pace === null) {
      return null;
    }
    const fps = Math.min(rung.fps ?? Number.POSITIVE_INFINITY, pace ?? Number.POSITIVE_INFINITY);
    return {
      fps: Number.isFinite(fps) ? fps : null,
      quality: rung.quality < ceiling.quality ? rung.quality : null,
      width: rung.width < ceiling.width ? rung.width : null,
      slow: slow ?? "server",
    };
  }

  /** Opens the connection, or leaves it open. */
  open() {
    this.#capture.start();
    this.#link.open();
  }

  close() {
    this.#capture.stop();
    this.#link.close();
  }

  /** Does not wait for the end of a pause between two tries. */
  retryNow() {
    this.#link.retryNow();
  }

  /** @param {boolean} hidden is the page? Then browsers tell of no new picture. */
  hide(hidden) {
    this.#capture.hide(hidden);
  }

  /** @param {import("../shared/protocol.js").ClientMessage} message  goes nowhere before the hello */
  tell(message) {
    this.#link.tell(message);
  }

  /** Other settings were chosen; they hold from the next picture on. */
  changeSettings() {
    this.#link.update(this.#wanted);
  }

  /** To be called several times a second: silence makes no event of its own. */
  tick() {
    this.#judge();
    if (this.answered && this.#pacer.silence(this.#now()) > GIVE_UP) {
      this.#link.restart();
    }
  }

  get #wanted() {
    // A picture that came in lower quality has nothing to show in a higher one.
    const { quality } = this.#form;
    return serverSettings({ ...this.#settings(), quality }, this.#offered);
  }

  /** Of the next picture: as the user wants it, or less. @returns {Form} */
  get #form() {
    const { quality, width } = this.#settings();
    const { videoWidth, videoHeight } = this.#video;
    const longest = Math.min(width, Math.max(videoWidth, videoHeight) || width);
    this.#adaptation.limit({ quality, width: longest }, this.#now());
    return this.#adaptation.rung;
  }

  /** Is what is sent too late, or is there room for more? */
  #judge() {
    const now = this.#now();
    const before = this.#adaptation.rung.quality;
    if (this.#adaptation.judge(now, this.#pacer.oldest(now))) {
      const { fps, quality } = this.#adaptation.rung;
      this.#pacer.limit("age", fps);
      if (quality !== before) {
        this.#link.update(this.#wanted);
      }
    }
  }

  /** @returns {import("./link.js").LinkEvents} */
  #linkEvents() {
    return {
      state: (state) => {
        this.linkState = state;
        this.answered &&= state.name === "open";
        this.#on.changed();
        this.#sender.pump();
      },
      hello: (hello) => {
        this.#greeted = this.#now();
        this.#pacer.open(hello.window, hello.limits.max_fps, this.#greeted);
        this.#adaptation.open(this.#greeted);
        this.#meter.newSession();
        this.#sender.open(hello.limits);
        this.#offered = hello.detectors;
        this.#on.hello(hello);
      },
      settings: (settings) => {
        if (this.#greeted !== null) {
          this.#adaptation.idle(this.#now() - this.#greeted);
          this.#greeted = null;
        }
        // What is wanted stays what the user wants, however much of it can be had now.
        this.#on.settings({ ...settings, quality: this.#settings().quality });
      },
      refused: (error) => {
        // The next answer is to a later change: the time until then is nobody's way.
        this.#greeted = null;
        this.#on.refused(error);
      },
      pace: (pace) => {
        this.#pacer.obey(pace);
        this.#sender.pump();
      },
      shared: (answer) => this.#on.shared(answer),
      result: (result) => this.#arrived(result),
      error: (error) => this.#failed(error),
      received: (bytes) => this.#meter.received(bytes),
    };
  }

  /** @param {Result} result */
  #arrived(result) {
    const now = this.#now();
    const late = this.#pacer.isSilent(now);
    const captured = this.#pacer.acknowledge(result.seq, now);
    this.answered = true;
    if (captured !== null) {
      const server = Object.values(result.ms).reduce((sum, part) => sum + part, 0);
      const roundTrip = this.#pacer.newestTrip;
      this.#adaptation.answered({ captured, server, late, roundTrip }, now);
      this.#judge();
    }
    this.#meter.serverDropped(result.dropped);
    if (captured === null || !isFresh(now - captured, now - this.#lastResult)) {
      this.#meter.lost();
    } else {
      this.#lastResult = now;
      this.#on.result(result, captured);
    }
    this.#on.changed();
    this.#sender.pump();
  }

  /** @param {ServerError} error */
  #failed(error) {
    if (error.seq !== undefined) {
      this.#pacer.acknowledge(error.seq, this.#now());
      this.#meter.lost();
    }
    this.#on.error(error);
    this.#sender.pump();
  }
}
