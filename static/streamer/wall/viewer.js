/**
 * The one stream that is large.
 *
 * @typedef {import("./stream.js").Account} Account
 * @typedef {import("./screen.js").Done} Done
 */
import { find } from "../shared/find.js";
import { FullScreen } from "../shared/full-screen.js";
import { Remark, write } from "../shared/notice.js";
import { writeName } from "./name.js";
import { Screen } from "./screen.js";
import { rateWords } from "./words.js";

const NOTHING = "–";

export class Viewer {
  #root = find("viewer", HTMLElement);
  #name = find("viewer-name", HTMLElement);
  #stage = find("stage", HTMLElement);
  #save = find("save", HTMLButtonElement);
  #fullScreen = new FullScreen(this.#root, find("full", HTMLButtonElement));
  #remark = new Remark(find("remark", HTMLElement));
  #parts = {
    title: find("veil-title", HTMLElement),
    detail: find("veil-detail", HTMLElement),
    state: find("state", HTMLElement),
    seen: find("seen", HTMLElement),
    viewers: find("viewers", HTMLElement),
    fps: find("fps", HTMLElement),
    shown: find("shown", HTMLElement),
    age: find("age", HTMLElement),
  };

  /**
   * @param {object} on
   * @param {Done} on.done a picture was shown, or will not be
   * @param {() => void} on.resized
   * @param {() => void} on.save
   */
  constructor({ done, resized, save }) {
    this.screen = new Screen(find("screen", HTMLCanvasElement), done);
    new ResizeObserver(resized).observe(this.#stage);
    this.#save.addEventListener("click", save);
  }

  /** Of its picture, CSS pixels. */
  get width() {
    return this.#stage.clientWidth;
  }

  /** @param {string} name of the stream that is large from now on; empty for none */
  open(name) {
    this.screen.clear();
    this.#root.hidden = name === "";
    writeName(this.#name, name);
    if (!name) {
      this.#fullScreen.leave();
    }
  }

  focus() {
    this.#name.focus();
  }

  /** @param {string} text */
  say(text) {
    this.#remark.say(text);
  }

  /**
   * @param {Account} account
   * @param {[number, number] | null} size of the source's pictures
   */
  show({ state, title, detail, veiled, viewers, fps, shown, age, last, seen }, size) {
    const parts = this.#parts;
    this.#root.dataset.state = state;
    this.#root.classList.toggle("veiled", veiled);
    if (size) {
      this.#stage.style.setProperty("--aspect", String(size[0] / size[1]));
    }
    write(parts.title, veiled ? title : "");
    write(parts.detail, veiled ? detail : "");
    write(parts.state, title);
    write(parts.seen, seen || (last && `Last picture ${last}`));
    write(parts.viewers, String(viewers));
    write(parts.fps, rateWords(fps));
    write(parts.shown, rateWords(shown));
    write(parts.age, age === null ? NOTHING : `${Math.round(age)} ms`);
  }

  /** @param {boolean} possible is there a picture? */
  allowSave(possible) {
    this.#save.disabled = !possible;
  }
}
