/**
 * From the wall to one large camera and back: by the address, so that reload, back and bookmarks do what
 * they do everywhere. Whoever came by a link has one camera and nowhere else to go.
 */
import { find } from "../shared/find.js";
import { isByLink, largeName, pageAddress } from "./address.js";

export class Navigation {
  #show;
  #query = location.search;
  #isStuck = isByLink(this.#query);

  /** @param {(name: string, before: string) => void} show the large one from now on and the one before; empty: none */
  constructor(show) {
    this.#show = show;
    /** Name of the large stream; empty for none. */
    this.large = largeName(location.pathname);
    const back = find("back", HTMLAnchorElement);
    back.hidden = this.#isStuck;
    back.addEventListener("click", (event) => {
      event.preventDefault();
      this.#leave();
    });
    document.addEventListener("keydown", (event) => {
      const isTaken = event.defaultPrevented || document.querySelector("dialog[open]");
      if (event.key === "Escape" && this.large && !isTaken && !this.#isStuck) {
        this.#leave();
      }
    });
    addEventListener("popstate", () => this.#follow());
  }

  /** @param {string} name of the stream to show large */
  enlarge(name) {
    const address = pageAddress(name, this.#query);
    // From one large to another is no step: back leads to the wall.
    if (this.large) {
      history.replaceState(history.state, "", address);
    } else {
      history.pushState({ fromWall: true }, "", address);
    }
    this.#follow();
  }

  #leave() {
    if (history.state?.fromWall) {
      history.back();
    } else {
      history.pushState(null, "", pageAddress("", this.#query));
      this.#follow();
    }
  }

  #follow() {
    const before = this.large;
    this.large = largeName(location.pathname);
    this.#show(this.large, before);
  }
}
