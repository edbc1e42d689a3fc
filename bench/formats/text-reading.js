/** Adds pieces of text up, as a consumer does that shows them. */
export class TextReading {
  text = '';
  pieces = 0;
  tokens = 0;

  constructor(onFirst) {
    this.onFirst = onFirst;
  }

  piece(text) {
    if (this.pieces++ === 0) this.onFirst?.();
    this.text += text;
  }

  /** @returns {import('../rows.js').Outcome} */
  outcome() {
    const { text, pieces, tokens } = this;
    return { text, pieces, tokens };
  }
}
