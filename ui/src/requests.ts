// One request in the words of the list. Pure: a row of the ledger in, short texts out.
import type { Explain, LogRow } from './api';
import { count, duration, money, nano, plural, usd } from './format';

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
  refused: ['failed', 'Refused by Weir'],
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
    return { text: `up to ${money(reserved)}`, hover: `at most $${reserved}`, known: false };
  }
  if (row.cost_usd === null) {
    return { text: 'unpriced', hover: 'No price is known for this model', known: false };
  }
  const about = row.pricing === 'estimated' ? 'about ' : '';
  return { text: about + money(row.cost_usd), hover: `$${row.cost_usd}`, known: true };
}

/** The cost where no line of a bill says it, in words: the exact amount only where the short one is not all of it. */
export function priced(row: LogRow): string {
  const { text, hover } = cost(row);
  if (text === '') return 'nothing yet';
  if (row.outcome === null || row.demo || row.cost_usd === null) return `${text}. ${hover}`;
  const short = nano(money(row.cost_usd).replace(/[<$,]/g, ''));
  return short === nano(row.cost_usd) ? text : `${text} (${hover})`;
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

/** Columns of the list, and the width in pixels up to which there is no room for each. A narrow list keeps
 *  what tells requests apart: a model's name says nearly always whose it is, and the row opened says it.
 *  Each step leaves 166 px to the model, which is its name and that it is local. */
const NO_ROOM: [string, number][] = [
  ['provider', 1056], ['task', 1007], ['out', 875], ['tokens', 815], ['took', 739], ['time', 639], ['tool', 539],
];

/** The classes of a list of that width. By its measured width: a container query is not asked anew by
 *  every WebKit when the list shrinks. */
export function without(room: number): string {
  return NO_ROOM.filter(([, upTo]) => room > 0 && room <= upTo).map(([column]) => `no-${column}`).join(' ');
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

const REASONS: Record<string, string> = {
  asked: 'the model asked for',
  named: 'named by the request',
  tier: 'first of the tier',
  fallback: 'next in the chain',
  rule: 'a rule',
  hint: 'the tier asked for',
  'local-first': 'local comes first',
  deterministic: 'of a fixed form, so local',
  'task-model': 'named for the task',
  kept: "the conversation's model",
  moved: 'cheaper even when cold',
  'budget-cheaper': 'cheaper, for a budget',
  'budget-other': 'outside of a full budget',
  'budget-tier': 'tier below, for a budget',
  'budget-local': 'local, for a budget',
  paced: 'local, for the window',
  resting: 'after one that rests',
  'larger-context': 'a larger context',
  shadow: 'where it would have gone',
  unpriced: 'after one without a price',
  'local-off': 'local models are off',
  'local-model-off': 'switched off before it',
  'local-only': 'only local models',
  'local-context': 'context too short before it',
  'local-busy': 'busy server before it',
  'local-absent': 'absent server before it',
  'local-unfit': 'unfit model before it',
  demo: 'the demonstration',
};

/** A short code of `x-weir-reason` in a few words; one that is not known is shown as it is. */
export function reason(code: string): string {
  return REASONS[code] ?? code;
}

const LEFT_OUT: Record<string, string> = {
  'assistant-media': 'pictures and sound in an answer',
  'billing-header': "the tool's own billing line",
  block: 'a part of a message',
  'cache-control': 'marks of what a cache should keep',
  citations: 'citations',
  container: 'the container to run in',
  'context-management': 'the handling of a long context',
  'foreign-thinking': "another provider's thoughts",
  'format-description': 'the description of the form of the answer',
  'half-surrogate': 'half a character',
  item: 'an item of the conversation',
  labels: 'labels',
  'logit-bias': 'weights of single words',
  logprobs: 'how likely each word was',
  'max-tokens': 'the limit of the answer',
  'max-tool-calls': 'the limit of tool calls',
  'media-resolution': 'how closely to look at pictures',
  'message-field': 'a field of a message',
  metadata: 'metadata',
  'namespace-description': 'the description of a group of tools',
  'parallel-tool-calls': 'whether tools may be called at once',
  prediction: 'the expected answer',
  'prompt-cache-key': 'the key of the prompt cache',
  'safety-settings': 'safety settings',
  sampling: 'a setting of sampling',
  'server-tool': 'a tool that the provider runs',
  'service-tier': 'the tier of service',
  speed: 'the speed asked for',
  'stop-sequences': 'where the answer should stop',
  store: 'keeping the answer at the provider',
  'system-role': 'the role of the system prompt',
  'task-budget': 'the budget of the task',
  thinking: 'how long to think',
  'thinking-history': 'earlier thoughts',
  'thinking-off': 'not to think',
  'thinking-signature': 'the seal of earlier thoughts',
  'tool-choice-forced': 'that a tool must be called',
  'tool-field': 'a field of a tool',
  truncation: 'how a long prompt is cut',
  unknown: 'a field that no dialect knows',
  user: 'who the user is',
  verbosity: 'how wordy the answer should be',
};

/** A rule of `x-weir-dropped` in words, with the field it names; one that is not known is shown as it is. */
export function leftOut(rule: string): string {
  const [code = rule, ...what] = rule.split(':');
  const words = LEFT_OUT[code];
  if (words === undefined) return rule;
  return what.length === 0 ? words : `${words} (${what.join(':')})`;
}

/** `extraction, low, sure (0.94)`, with the tier it asked for where it named one; empty where nothing was judged. */
export function judgement(row: Pick<LogRow, 'task' | 'tier' | 'judged_tier' | 'confidence'>): string {
  if (row.task === null) return row.tier ?? '';
  const sure = row.confidence;
  const words = sure === null ? '' : `${sure >= 0.9 ? 'sure' : sure >= 0.7 ? 'fairly sure' : 'unsure'} (${sure.toFixed(2)})`;
  const asked = row.judged_tier === null ? '' : `asked for ${row.tier ?? ''}`;
  return [row.task.replaceAll('_', ' '), row.judged_tier ?? row.tier, words, asked].filter(Boolean).join(', ');
}

/** What the way that a request went by did, beside its name among the candidates. */
export function went(row: Pick<LogRow, 'outcome'>): string {
  if (row.outcome === null) return 'under way';
  if (row.outcome === 'ok') return 'answered';
  const [, words] = ENDINGS[row.outcome] ?? ['warn', row.outcome];
  return words.toLowerCase().replace('weir', 'Weir');
}

/** How a request came to no good end, before the sentence of where it went; null where it did not. */
export function failure(row: LogRow): string | null {
  const state = standing(row);
  return state.standing === 'failed' || state.standing === 'warn' ? `${state.words}.` : null;
}

/** One stage of a request's life, with what is known of it. */
export interface Stage {
  name: string;
  /** Milliseconds after the request came; null where nobody measured. */
  at: number | null;
  words: string;
  fault?: boolean;
}

/** The stages a request really went through, in their order. */
export function stages(row: LogRow): Stage[] {
  const { mode, candidates, prompt_tokens: prompt } = row;
  const arrived = Date.parse(row.at);
  const list: Stage[] = [
    { name: 'Accepted', at: 0, words: `from ${row.client}` },
    { name: 'Read', at: null, words: `${row.endpoint}, asks for ${row.asked_model || 'no model'}${prompt ? `, about ${count(prompt)} tokens` : ''}` },
  ];
  const judged = judgement(row);
  if (judged) list.push({ name: 'Judged', at: null, words: judged });
  if (row.attempts.length > 0 || candidates.length > 0) {
    const ways = candidates.length > 0 ? `, ${plural(candidates.length, 'way')} weighed` : '';
    list.push({ name: 'Planned', at: null, words: `${mode ?? reason(row.reason)}${ways}` });
  }
  row.attempts.forEach((attempt, i) => {
    const tried = row.attempts.length > 1 ? `Attempt ${i + 1}` : 'Sent';
    const aside = attempt.reserved_usd === null ? 'no price known' : `at most ${money(attempt.reserved_usd)}`;
    list.push({ name: tried, at: Math.max(0, Date.parse(attempt.at) - arrived), words: `${attempt.route}, ${aside}` });
    if (attempt.first_byte_ms !== null && attempt.first_byte_ms > 0 && attempt.status !== null && attempt.status < 400) {
      list.push({ name: 'First byte', at: attempt.first_byte_ms, words: `status ${attempt.status}` });
    }
    if (attempt.outcome !== null && attempt.outcome !== 'ok') {
      const [, words] = ENDINGS[attempt.outcome] ?? ['warn', attempt.outcome];
      list.push({ name: 'Ended', at: attempt.total_ms, words: words + (attempt.status ? `, status ${attempt.status}` : ''), fault: true });
    }
  });
  if (row.outcome === 'ok') list.push({ name: 'Relayed', at: row.total_ms, words: 'to the last byte' });
  if (row.outcome !== null) list.push({ name: 'Settled', at: row.total_ms, words: cost(row).text });
  return list;
}

const KINDS: Record<string, string> = {
  input: 'Prompt',
  cache_read: 'Read from cache',
  cache_write_5m: 'Written to cache, 5 min',
  cache_write_1h: 'Written to cache, 1 h',
  output: 'Answer',
  web_search: 'Web searches',
  input_audio: 'Prompt, sound',
  input_image: 'Prompt, pictures',
  input_video: 'Prompt, film',
  output_audio: 'Answer, sound',
  output_image: 'Answer, pictures',
  output_video: 'Answer, film',
  file_search: 'File searches',
  code_container: 'Code containers',
};

/** The lines of a bill, and what of the cost they leave unexplained. */
export function bill(row: Explain): { lines: { words: string; tokens: string; cost: string }[]; rest: string | null; total: string | null } {
  const lines = row.lines.map((line) => ({
    words: (KINDS[line.kind] ?? line.kind) + (line.model ? ` (${line.model})` : ''),
    tokens: count(line.tokens),
    cost: line.cost_usd,
  }));
  if (row.cost_usd === null) return { lines, rest: null, total: null };
  const rest = nano(row.cost_usd) - row.lines.reduce((sum, line) => sum + nano(line.cost_usd), 0n);
  return { lines, rest: rest === 0n ? null : usd(rest), total: row.cost_usd };
}

/** What the filters of the page ask for; an empty text asks for nothing. */
export interface Filter {
  text: string;
  client: string;
  model: string;
  task: string;
  tier: string;
  outcome: '' | Standing;
  place: '' | 'local' | 'cloud';
}

export const NO_FILTER: Filter = { text: '', client: '', model: '', task: '', tier: '', outcome: '', place: '' };

export function passes(row: LogRow, filter: Filter): boolean {
  const { text } = filter;
  return (
    (filter.client === '' || row.client === filter.client) &&
    (filter.model === '' || row.route === filter.model) &&
    (filter.task === '' || row.task === filter.task) &&
    (filter.tier === '' || row.tier === filter.tier) &&
    (filter.outcome === '' || standing(row).standing === filter.outcome) &&
    (filter.place === '' || row.local === (filter.place === 'local')) &&
    (text === '' || words(row).includes(text.toLowerCase()))
  );
}

function words(row: LogRow): string {
  const of = [row.id, row.client, row.project, row.session, row.category, row.asked_model, row.route, row.task, row.tier, row.reason, row.outcome];
  return `${of.filter((part) => part !== null).join(' ')} ${standing(row).words}`.toLowerCase();
}

/** The first of the rows that arrive newest first, once seen no other: kept when more come, and when
 *  it has left the list. The demonstration is only the first as long as nothing else came. */
export function firstOf(kept: LogRow | null, rows: LogRow[]): LogRow | null {
  const anew = rows.find((row) => row.id === kept?.id) ?? kept;
  if (anew !== null && !anew.demo) return anew;
  return rows.filter((row) => !row.demo).at(-1) ?? anew ?? rows.at(-1) ?? null;
}

/** What some rows come to; what is not known is counted beside the sum, never in it. */
export function total(rows: LogRow[]): { spent: string; about: boolean; unpriced: number; local: number; saved: string } {
  let spent = 0n;
  let saved = 0n;
  const sum = { about: false, unpriced: 0, local: 0 };
  for (const row of rows) {
    if (row.demo) continue;
    if (row.cost_usd !== null) spent += nano(row.cost_usd);
    else if (row.outcome !== null) sum.unpriced += 1;
    if (row.saved_usd !== null) saved += nano(row.saved_usd);
    // Nothing is not about nothing: what ran here costs nothing, however much of it there was.
    if (row.pricing === 'estimated' && nano(row.cost_usd ?? '0') !== 0n) sum.about = true;
    if (row.local) sum.local += 1;
  }
  return { spent: usd(spent), saved: usd(saved), ...sum };
}

/** New rows over old ones: what is known anew replaces, newest first, nothing twice. */
export function merged(old: LogRow[], fresh: LogRow[]): LogRow[] {
  if (fresh.length === 0) return old;
  const byId = new Map(fresh.map((row) => [row.id, row]));
  const kept = old.map((row) => {
    const anew = byId.get(row.id);
    if (anew !== undefined) byId.delete(row.id);
    return anew ?? row;
  });
  if (byId.size === 0) return kept;
  return [...byId.values(), ...kept].sort((a, b) => (a.id < b.id ? 1 : a.id > b.id ? -1 : 0));
}
