// The time as the page shows it. Ticks only while something on the page counts seconds or minutes
// and the page can be seen; at rest nothing runs.

export class Now {
  ms = $state(Date.now());

  /** Ticks every `stepMs` until the returned function is called. `null`: stands still. */
  every(stepMs: number | null): () => void {
    this.ms = Date.now();
    if (stepMs === null) return () => {};
    const timer = setInterval(() => {
      if (!document.hidden) this.ms = Date.now();
    }, stepMs);
    const seen = () => {
      if (!document.hidden) this.ms = Date.now();
    };
    document.addEventListener('visibilitychange', seen);
    return () => {
      clearInterval(timer);
      document.removeEventListener('visibilitychange', seen);
    };
  }
}

/** How often the page must tick: seconds while anything is under way or fresh, else half minutes. */
export function stepFor(newestMs: number | null, anyOpen: boolean, nowMs: number): number | null {
  if (anyOpen) return 1000;
  if (newestMs === null) return null;
  const age = nowMs - newestMs;
  if (age < 60_000) return 1000;
  return age < 3_600_000 ? 30_000 : null;
}
