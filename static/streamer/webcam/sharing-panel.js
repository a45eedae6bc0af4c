/**
 * Says unmistakably that this webcam is shown to others, with the link and the way to end it.
 *
 * @typedef {import("./sharing.js").SharingState} SharingState
 */
import { find } from "../shared/find.js";
import { LinkBox } from "../shared/link-box.js";
import { write } from "../shared/notice.js";
import { sharedWords, sharingWords } from "./status.js";

export class SharingPanel {
  #root = find("sharing", HTMLElement);
  #status = find("sharing-status", HTMLElement);
  #note = find("sharing-note", HTMLElement);
  #badge = find("badge", HTMLElement);
  #share = find("share", HTMLButtonElement);
  #box = new LinkBox({
    field: find("link", HTMLInputElement),
    copy: find("copy", HTMLButtonElement),
    until: find("until", HTMLElement),
  });
  #title = document.title;

  /**
   * @param {object} on
   * @param {() => void} on.share
   * @param {() => void} on.unshare
   */
  constructor({ share, unshare }) {
    this.#share.addEventListener("click", share);
    find("unshare", HTMLButtonElement).addEventListener("click", () => {
      unshare();
      this.#share.focus();
    });
  }

  /**
   * @param {SharingState} state
   * @param {boolean} live do pictures go out?
   */
  show(state, live) {
    const { name, shared } = state;
    this.#share.disabled = !live || name !== "off";
    this.#root.hidden = name === "off";
    this.#root.dataset.sharing = name;
    this.#badge.hidden = name !== "on";
    write(this.#status, sharingWords(state));
    write(this.#badge, shared ? sharedWords(shared.viewers) : "");
    this.#note.hidden = shared === null;
    document.title = shared ? `${sharedWords(shared.viewers)} · ${this.#title}` : this.#title;
    if (shared) {
      this.#box.show(shared.url, shared.until);
    }
  }
}
