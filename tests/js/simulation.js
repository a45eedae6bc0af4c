/**
 * A webcam, a link and a server in time that is only counted: the real pacer and the real controller
 * between them. The same every time.
 */
import { Adaptation } from "../../static/streamer/webcam/adaptation.js";
import { Pacer } from "../../static/streamer/webcam/pacing.js";

const CAMERA = 1_000 / 30;
const ENCODING = 6;
const DISPLAY = 12;
const TICK = 250;
/** A system's socket takes so many bytes before a browser counts any as buffered. */
const SOCKET = 32_768;

/**
 * @typedef {object} Conditions
 * @property {number} [up] bytes a second
 * @property {number} [down]
 * @property {number} [latency] milliseconds one way
 * @property {number} [jitter] milliseconds that are added at random, at the most
 * @property {number} [service] milliseconds of the server a frame
 * @property {boolean} [stopped] the server does nothing
 * @typedef {{at: number, age: number, fps: number, quality: number, width: number}} Shown
 * @typedef {{at: number, fps: number, quality: number, width: number}} Change
 */

/** @type {Required<Conditions>} */
const FAST = { up: 1e7, down: 1e7, latency: 1, jitter: 0, service: 8, stopped: false };

/** One direction: bytes leave in order at its rate and arrive in order. */
class Way {
  #free = 0;
  #last = 0;

  /**
   * @param {number} now
   * @param {number} bytes
   * @param {number} rate bytes a second
   * @param {number} delay milliseconds
   * @returns {number} when all of it is there
   */
  pass(now, bytes, rate, delay) {
    this.#free = Math.max(this.#free, now) + (bytes / rate) * 1_000;
    this.#last = Math.max(this.#last, this.#free + delay);
    return this.#last;
  }

  /**
   * @param {number} now
   * @param {number} rate
   * @returns {number} bytes that have not left
   */
  waiting(now, rate) {
    return Math.max(0, ((this.#free - now) * rate) / 1_000);
  }
}

export class Simulation {
  now = 0;
  conditions = { ...FAST };
  /** @type {Shown[]} */ shown = [];
  /** @type {Change[]} */ changes = [];
  pacer = new Pacer();
  adaptation = new Adaptation();
  #up = new Way();
  #down = new Way();
  /** @type {{at: number, run: () => void}[]} */ #events = [];
  #seq = 0;
  #random = 1;
  #captured = -1;
  #encoding = false;
  /** @type {{seq: number, bytes: number, at: number} | null} */ #slot = null;
  #working = false;

  /**
   * @param {Conditions} conditions
   * @param {{window?: number, quality?: number, width?: number, idle?: boolean}} [more]
   *   idle: is the way there and back known from the start?
   */
  constructor(conditions, { window = 2, quality = 70, width = 640, idle = true } = {}) {
    this.change(conditions);
    this.pacer.open(window, 30, 0);
    this.adaptation.open(0);
    this.adaptation.limit({ quality, width }, 0);
    if (idle) {
      this.adaptation.idle(2 * this.conditions.latency + 2);
    }
    this.#camera();
    this.#tick();
  }

  /** @param {Conditions} conditions others than now */
  change(conditions) {
    this.conditions = { ...this.conditions, ...conditions };
    this.#serve();
  }

  /** @param {number} seconds */
  run(seconds) {
    const end = this.now + seconds * 1_000;
    while (this.#events[0]?.at <= end) {
      const next = /** @type {{at: number, run: () => void}} */ (this.#events.shift());
      this.now = next.at;
      next.run();
    }
    this.now = end;
    return this;
  }

  /**
   * @param {number} seconds the last so many
   * @returns {{age: number, worst: number, fps: number, changes: number, reversals: number,
   *   up: number}} up: bytes a second
   */
  last(seconds) {
    const since = this.now - seconds * 1_000;
    const shown = this.shown.filter(({ at }) => at >= since);
    const ages = shown.map(({ age }) => age).sort((a, b) => a - b);
    const changes = this.changes.filter(({ at }) => at >= since);
    const sizes = changes.map((change) => bytes(change) * change.fps);
    const turns = sizes
      .slice(2)
      .filter((size, index) => size > sizes[index + 1] !== sizes[index + 1] > sizes[index]);
    return {
      age: ages[ages.length >> 1],
      worst: ages[ages.length - 1],
      fps: shown.length / seconds,
      changes: changes.length,
      reversals: turns.length,
      up: shown.reduce((sum, frame) => sum + bytes(frame), 0) / seconds,
    };
  }

  /**
   * @param {number} after milliseconds
   * @param {() => void} run
   */
  #in(after, run) {
    const at = this.now + after;
    const place = this.#events.findIndex((event) => event.at > at);
    this.#events.splice(place < 0 ? this.#events.length : place, 0, { at, run });
  }

  /** 0 to 1, the same in every run. */
  #chance() {
    this.#random = (this.#random * 16_807) % 2_147_483_647;
    return this.#random / 2_147_483_647;
  }

  #delay() {
    return this.conditions.latency + this.conditions.jitter * this.#chance();
  }

  #camera() {
    this.#captured = this.now;
    this.#pump();
    this.#in(CAMERA, () => this.#camera());
  }

  #tick() {
    this.#judge();
    this.#pump();
    this.#in(TICK, () => this.#tick());
  }

  #judge() {
    if (this.adaptation.judge(this.now, this.pacer.oldest(this.now))) {
      const { fps, quality, width } = this.adaptation.rung;
      this.pacer.limit("age", fps);
      this.changes.push({ at: this.now, fps: fps ?? 30, quality, width });
    }
  }

  #pump() {
    const buffered = Math.max(0, this.#up.waiting(this.now, this.conditions.up) - SOCKET);
    if (this.#encoding || this.#captured < 0 || this.pacer.wait(this.now, buffered) > 0) {
      return;
    }
    const captured = this.#captured;
    const form = this.adaptation.rung;
    this.#captured = -1;
    this.#encoding = true;
    this.#in(ENCODING, () => {
      this.#encoding = false;
      this.#send(captured, form);
      this.#pump();
    });
  }

  /**
   * @param {number} captured
   * @param {import("../../static/streamer/webcam/ladder.js").Rung} form
   */
  #send(captured, form) {
    this.#seq += 1;
    const seq = this.#seq;
    const size = bytes(form);
    this.pacer.sent(seq, captured, this.now);
    const at = this.#up.pass(this.now, size, this.conditions.up, this.#delay());
    this.#in(at - this.now, () => {
      this.#slot = { seq, bytes: size, at: this.now };
      this.#serve();
    });
  }

  #serve() {
    if (!this.#slot || this.#working || this.conditions.stopped) {
      return;
    }
    const frame = this.#slot;
    this.#slot = null;
    this.#working = true;
    this.#in(this.conditions.service, () => {
      this.#working = false;
      const answer = (frame.bytes * 4) / 3;
      const at = this.#down.pass(this.now, answer, this.conditions.down, this.#delay());
      const server = this.now - frame.at;
      this.#in(at - this.now, () => this.#arrived(frame.seq, server));
      this.#serve();
    });
  }

  /**
   * @param {number} seq
   * @param {number} server milliseconds
   */
  #arrived(seq, server) {
    const late = this.pacer.isSilent(this.now);
    const captured = this.pacer.acknowledge(seq, this.now);
    if (captured !== null) {
      const { fps, quality, width } = this.adaptation.rung;
      const age = this.now - captured + DISPLAY;
      this.shown.push({ at: this.now, age, fps: fps ?? 30, quality, width });
      this.adaptation.answered(
        { captured, server, late, roundTrip: this.pacer.newestTrip },
        this.now,
      );
    }
    this.#judge();
    this.#pump();
  }
}

/**
 * Measured on webcam pictures: 22 KB at 640 pixels and quality 70.
 * @param {{quality: number, width: number}} form
 */
export function bytes({ quality, width }) {
  return 22_000 * (width / 640) ** 1.6 * Math.exp(0.018 * (quality - 70));
}
