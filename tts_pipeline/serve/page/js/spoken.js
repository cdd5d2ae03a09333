// Shows the text that is spoken, the word that is heard marked.

export class Spoken {
  constructor(place, text) {
    // Places in the text count characters, not JavaScript's halves of them.
    this.letters = Array.from(text);
    this.place = place;
    this.cursor = 0;
    this.words = [];
    this.now = null;
    this.rest = document.createTextNode(text);
    place.replaceChildren(this.rest);
  }

  // Takes the words of the sentences that begin now.
  add(timestamps) {
    for (const { kind, span, start_time: start, end_time: end } of timestamps) {
      if (kind !== "word") continue;
      const last = this.words.at(-1);
      if (last && span[0] < this.cursor) {
        // Several spoken words stand for one written one.
        this.words.push({ start, end, element: last.element });
        continue;
      }
      const element = document.createElement("span");
      element.textContent = this.letters.slice(...span).join("");
      const before = this.letters.slice(this.cursor, span[0]).join("");
      this.place.insertBefore(document.createTextNode(before), this.rest);
      this.place.insertBefore(element, this.rest);
      this.cursor = span[1];
      this.words.push({ start, end, element });
    }
    this.rest.data = this.letters.slice(this.cursor).join("");
  }

  // Marks the word at a time in seconds; none if it is null.
  mark(time) {
    const word = time === null ? null : this.words.findLast((one) => one.start <= time);
    const element = word && time < word.end + 0.15 ? word.element : null;
    if (element === this.now) return;
    this.now?.classList.remove("now");
    element?.classList.add("now");
    this.now = element;
  }
}
