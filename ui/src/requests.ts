// One request in the words of the list. Pure: a row of the ledger in, short texts out.
import type { LogRow } from './api';
import { count, duration, money } from './format';

/** How a request stands; each has its own shape beside its words. */
export type Standing = 'open' | 'done' | 'warn' | 'failed';

const ENDINGS: Record<string, [Standing, string]> = {
  ok: ['done', 'Done'],
  upstream_error: ['failed', 'Refused'],
  error_in_stream: ['failed', 'Failed midway'],
  truncated: ['failed', 'Cut short'],
  client_gone: ['warn', 'Tool left early'],
  unreachable: ['failed', 'Not reachable'],
  timeout: ['failed', 'Timed out'],
  internal: ['failed', 'Weir failed'],
  orphan: ['warn', 'Weir stopped'],
};

/** The standing and its words. */
export function standing(row: LogRow): { standing: Standing; words: string } {
  if (row.outcome === null) {
    return { standing: 'open', words: row.attempts.length > 1 ? 'Trying again' : 'Under way' };
  }
  const [state, words] = ENDINGS[row.outcome] ?? ['warn', row.outcome];
  const status = row.attempts.at(-1)?.status;
  const refused = row.outcome === 'upstream_error' && status ? ` (${status})` : '';
  return { standing: state, words: words + refused };
}

/** The cost: what is set aside while under way, and never a zero for what is not known. */
export function cost(row: LogRow): { text: string; hover: string; known: boolean } {
  if (row.demo) return { text: 'not counted', hover: 'The demonstration costs nothing', known: false };
  if (row.outcome === null) {
    const reserved = row.attempts.at(-1)?.reserved_usd ?? null;
    if (reserved === null) return { text: '', hover: '', known: false };
    return { text: `up to ${money(reserved)}`, hover: `$${reserved} set aside`, known: false };
  }
  if (row.cost_usd === null) {
    return { text: 'unpriced', hover: 'No price is known for this model', known: false };
  }
  const about = row.pricing === 'estimated' ? 'about ' : '';
  return { text: about + money(row.cost_usd), hover: `$${row.cost_usd}`, known: true };
}

/** Prompt tokens: `1,234`, and what of them a cache served. */
export function input(row: LogRow): { text: string; cached: string } {
  if (row.usage === null) return { text: '', cached: '' };
  const u = row.usage;
  const all = u.input + u.cache_read + u.cache_write_5m + u.cache_write_1h;
  const cached = u.cache_read > 0 ? `${count(u.cache_read)} cached` : '';
  return { text: count(all), cached };
}

/** Completion tokens. */
export function output(row: LogRow): string {
  return row.usage === null ? '' : count(row.usage.output);
}

/** How long it took, or has been taking. */
export function took(row: LogRow, nowMs: number): string {
  // Nobody saw how long an attempt took that Weir did not live to settle.
  if (row.outcome === 'orphan') return '';
  if (row.total_ms !== null) return duration(row.total_ms);
  const running = nowMs - new Date(row.at).getTime();
  return running >= 1000 ? `${duration(Math.trunc(running / 1000) * 1000).replace('.0', '')}` : '';
}

/** `anthropic/claude-sonnet-5-5` as its two parts. */
export function route(row: LogRow): { provider: string; model: string } {
  const slash = row.route.indexOf('/');
  if (slash < 0) return { provider: '', model: row.route || row.asked_model };
  return { provider: row.route.slice(0, slash), model: row.route.slice(slash + 1) };
}
