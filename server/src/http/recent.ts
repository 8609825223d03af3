/** Times of what happened lately, in order; what happened in one millisecond is one entry with a number. */

/** Entries at the front that are forgotten before the list is made shorter. */
const SPARE = 1024;

export class Recent {
  readonly #entries: { at: number; times: number }[] = [];
  /** Where what is remembered begins: the front of a long list is not moved each time. */
  #from = 0;
  #total = 0;

  get oldest(): number | undefined {
    return this.#entries[this.#from]?.at;
  }

  add(at: number): void {
    this.#total++;
    let place = this.#entries.length;
    // Later ones are there only where the clock was set back.
    while (place > this.#from && (this.#entries[place - 1]?.at ?? 0) > at) place--;
    const before = place > this.#from ? this.#entries[place - 1] : undefined;
    if (before?.at === at) before.times++;
    else this.#entries.splice(place, 0, { at, times: 1 });
  }

  /** What is `window` or more away from `now`, before it or after. @returns how many are left */
  forget(now: number, window: number): number {
    for (let first = this.#entries[this.#from]; first && now - first.at >= window; ) {
      this.#total -= first.times;
      first = this.#entries[++this.#from];
    }
    for (let last = this.#last(); last && last.at - now >= window; last = this.#last()) {
      this.#total -= last.times;
      this.#entries.pop();
    }
    if (this.#from > SPARE && this.#from * 2 > this.#entries.length) {
      this.#entries.splice(0, this.#from);
      this.#from = 0;
    }
    return this.#total;
  }

  #last(): { at: number; times: number } | undefined {
    return this.#entries.length > this.#from ? this.#entries.at(-1) : undefined;
  }
}
