/** Writes the name of a stream: a long one goes on in the next line where one of its words ends. */

/**
 * @param {HTMLElement} element
 * @param {string} name
 */
export function writeName(element, name) {
  const words = name.split(/(?<=[_.-])/);
  element.replaceChildren(
    ...words.flatMap((word, index) => (index > 0 ? [document.createElement("wbr"), word] : [word])),
  );
}
