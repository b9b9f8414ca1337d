// A question to the program as a page shows it: its answer, its fault, and a wait worth a word.
import { untrack } from 'svelte';
import { faultOf } from './backend/backend';

/** Nothing is said about a wait that is over before it is noticed. */
const SLOW_MS = 300;

export class Asked<T> {
  value = $state.raw<T | null>(null);
  fault = $state<string | null>(null);
  busy = $state(false);
  slow = $state(false);
  private turn = 0;

  /** Asks; an answer that comes after a later question is dropped. Keeps the old answer meanwhile. */
  async ask(work: () => Promise<T>): Promise<T | null> {
    const turn = ++this.turn;
    this.busy = true;
    const timer = setTimeout(() => (this.slow = turn === this.turn), SLOW_MS);
    try {
      // What the question is made of does not decide when it is asked.
      const value = await untrack(work);
      if (turn !== this.turn) return null;
      this.value = value;
      this.fault = null;
      return value;
    } catch (thrown) {
      if (turn === this.turn) this.fault = faultOf(thrown);
      return null;
    } finally {
      clearTimeout(timer);
      if (turn === this.turn) {
        this.busy = false;
        this.slow = false;
      }
    }
  }
}
