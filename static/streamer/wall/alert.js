/**
 * What keeps the whole page from going on, in words: the socket is lost, or the server does not know this
 * visitor any more.
 *
 * @typedef {import("../shared/connection.js").LinkState} LinkState
 * @typedef {import("../shared/faults.js").Fault} Fault
 * @typedef {import("./roster.js").Trouble} Trouble
 */
import { find } from "../shared/find.js";
import { write } from "../shared/notice.js";
import { isByLink } from "./address.js";

export class Alert {
  #root = find("alert", HTMLElement);
  #title = find("alert-title", HTMLElement);
  #remedy = find("alert-remedy", HTMLElement);
  #login = find("alert-login", HTMLAnchorElement);
  /** @type {Trouble | null} */
  #roster = null;
  /** Why the last connection was lost, until another one stands. @type {Fault | null} */
  #link = null;

  /** @param {Trouble | null} trouble null: the list of streams has come */
  roster(trouble) {
    this.#roster = trouble;
    this.#show();
  }

  /** @param {LinkState} state */
  link(state) {
    if (state.name === "waiting" || state.name === "failed") {
      this.#link = state.fault;
    } else if (state.name !== "connecting") {
      this.#link = null;
    }
    this.#show();
  }

  #show() {
    const said = this.#roster?.isStranger ? this.#roster : (this.#link ?? this.#roster);
    this.#root.hidden = said === null;
    // Written only when it is another: an alert is read out with every write.
    write(this.#title, said?.title ?? "");
    write(this.#remedy, said?.remedy ?? "");
    const { pathname, search } = location;
    this.#login.hidden = !said?.isStranger || isByLink(search);
    this.#login.search = String(new URLSearchParams({ next: pathname + search }));
  }
}
