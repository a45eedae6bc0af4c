/** Makes a link with which somebody else may watch a stream for some hours. */
import { find } from "../shared/find.js";
import { LinkBox } from "../shared/link-box.js";
import { write } from "../shared/notice.js";
import { sentence } from "../shared/words.js";
import { API_PATH } from "./address.js";

const TIMEOUT = 10_000;

export class Invitation {
  #dialog = find("invitation", HTMLDialogElement);
  #form = find("invitation-form", HTMLFormElement);
  #name = find("invitation-name", HTMLElement);
  #made = find("invitation-made", HTMLElement);
  #trouble = find("invitation-trouble", HTMLElement);
  #submit = find("invitation-make", HTMLButtonElement);
  #box = new LinkBox({
    field: find("link", HTMLInputElement),
    copy: find("copy", HTMLButtonElement),
    until: find("until", HTMLElement),
  });
  #stream = "";

  constructor() {
    this.#form.addEventListener("submit", (event) => {
      event.preventDefault();
      this.#make();
    });
    find("invitation-close", HTMLButtonElement).addEventListener("click", () =>
      this.#dialog.close(),
    );
    // A click beside it closes it, too.
    this.#dialog.addEventListener("click", (event) => {
      if (event.target === this.#dialog) {
        this.#dialog.close();
      }
    });
  }

  /** @param {string} stream its name */
  open(stream) {
    this.#stream = stream;
    write(this.#name, stream);
    write(this.#trouble, "");
    this.#made.hidden = true;
    this.#dialog.showModal();
  }

  async #make() {
    const given = new FormData(this.#form);
    this.#submit.disabled = true;
    try {
      const { url, until } = await ask(this.#stream, {
        hours: Number(given.get("hours")),
        token: String(given.get("csrfmiddlewaretoken")),
      });
      this.#box.show(url, until);
      this.#made.hidden = false;
      write(this.#trouble, "");
    } catch (error) {
      this.#made.hidden = true;
      write(this.#trouble, /** @type {Error} */ (error).message);
    }
    this.#submit.disabled = false;
  }
}

/**
 * @param {string} stream
 * @param {{hours: number, token: string}} wish  token: Django's, against forgery
 * @returns {Promise<{url: string, until: string}>}
 * @throws {Error} whose message is for the user
 */
async function ask(stream, { hours, token }) {
  let response;
  try {
    response = await fetch(`${API_PATH}/${encodeURIComponent(stream)}/links`, {
      method: "POST",
      headers: { "Content-Type": "application/json", "X-CSRFToken": token },
      body: JSON.stringify({ hours }),
      signal: AbortSignal.timeout(TIMEOUT),
    });
  } catch {
    throw new Error("The server does not answer. Try again in a moment.");
  }
  const answer = await response.json().catch(() => ({}));
  if (!response.ok) {
    const { detail } = answer;
    const told = typeof detail === "string" ? sentence(detail) : `It answered ${response.status}.`;
    throw new Error(`The server made no link. ${told}`);
  }
  return answer;
}
