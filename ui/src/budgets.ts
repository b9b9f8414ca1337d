// Budgets in words: a limit is of dollars or of tokens, never both. Pure.
import type { BudgetStanding, Totals } from './api';
import { count, money, nano, usd } from './format';

/** `$10.00`, `1.23M tokens`. */
export function limitOf(budget: BudgetStanding): string {
  return budget.limit_usd !== null ? money(budget.limit_usd) : `${count(budget.limit_tokens ?? 0)} tokens`;
}

export function spentOf(budget: BudgetStanding): string {
  return budget.limit_usd !== null ? money(budget.spent_usd) : count(budget.spent_tokens);
}

/** An amount of dollars as it is typed, `5`, `5.00` or `4,00`, as the API has it; null for no amount above
 *  nothing. `1,000` is none: it may be one dollar or a thousand. */
export function amountOf(text: string): string | null {
  const typed = text.trim().replace(/^(\d+),(\d{1,2})$/, '$1.$2');
  if (!/^\d{1,7}(\.\d{1,9})?$/.test(typed) || nano(typed) <= 0n) return null;
  return usd(nano(typed));
}

/** `about ` where the sum of a budget holds estimates. One that counts only some requests has no sum
 *  of its own to ask: it may hold those of its period. */
export function aboutOf(budget: BudgetStanding, totals: Totals): string {
  const sums = budget.period === 'day' ? totals.day : budget.period === 'week' ? totals.week : totals.month;
  return budget.limit_usd !== null && nano(budget.spent_usd) > 0n && sums.estimated_requests > 0 ? 'about ' : '';
}

/** The limit without what is spent, so that it moves only when something is; null when nothing is left.
 *  What is set aside has words of its own. */
export function leftOf(budget: BudgetStanding): string | null {
  if (budget.limit_usd !== null) {
    const rest = nano(budget.limit_usd) - nano(budget.spent_usd);
    return rest > 0n ? money(usd(rest)) : null;
  }
  const rest = (budget.limit_tokens ?? 0) - budget.spent_tokens;
  return rest > 0 ? `${count(rest)} tokens` : null;
}

/** What is set aside for requests under way; null when nothing is. */
export function asideOf(budget: BudgetStanding): string | null {
  if (budget.limit_usd !== null) return nano(budget.reserved_usd) > 0n ? money(budget.reserved_usd) : null;
  return budget.reserved_tokens > 0 ? `${count(budget.reserved_tokens)} tokens` : null;
}

const LADDERS: Record<string, string[]> = {
  notify: ['open'],
  downgrade: ['open', 'cheaper', 'local', 'stop'],
  local: ['open', 'local', 'stop'],
  block: ['open', 'stop'],
};

export const STEPS: Record<string, string> = {
  open: 'As asked',
  cheaper: 'Cheaper models',
  local: 'Only local',
  stop: 'Stop',
};

/** The steps down from the limit, the first of which is no step yet. */
export function ladder(budget: BudgetStanding): string[] {
  return LADDERS[budget.at_limit] ?? ['open'];
}

const THEN: Record<string, string> = {
  notify: 'you are told and nothing stops',
  downgrade: 'cheaper models, then local ones, then nothing',
  local: 'only local models',
  block: 'no request leaves',
};

/** `Monday 23 November at 00:00`. */
export function moment(at: string): string {
  return new Intl.DateTimeFormat('en-GB', { weekday: 'long', day: 'numeric', month: 'long', hour: '2-digit', minute: '2-digit' }).format(new Date(at));
}

/** What the limit means now, in one sentence. */
export function meaning(budget: BudgetStanding): string {
  const then = THEN[budget.at_limit] ?? budget.at_limit;
  if (budget.percent >= 100) return `Its limit is reached: ${then} until ${moment(budget.resets_at)}.`;
  return `From ${limitOf(budget)} on, ${then}. It starts anew on ${moment(budget.resets_at)}.`;
}

/** What the window comes to at this pace; null before that can be said. */
export function ahead(budget: BudgetStanding): string | null {
  if (budget.forecast_usd === null) return null;
  const comes = `At this pace about ${money(budget.forecast_usd)} by then`;
  return budget.over_at === null ? `${comes}.` : `${comes}; the limit is passed on ${moment(budget.over_at)}.`;
}

export type Period = 'day' | 'week' | 'month';

/** A forecast before this part of a period has gone by is a guess; the engine's own limit for budgets. */
const GONE_LEAST = 0.1;

/** The period around a moment in local time, from and to in Unix milliseconds. */
function around(period: Period, nowMs: number): [number, number] {
  const now = new Date(nowMs);
  const [year, month, day] = [now.getFullYear(), now.getMonth(), now.getDate()];
  if (period === 'month') return [new Date(year, month, 1).getTime(), new Date(year, month + 1, 1).getTime()];
  const first = period === 'week' ? day - ((now.getDay() + 6) % 7) : day;
  return [new Date(year, month, first).getTime(), new Date(year, month, first + (period === 'week' ? 7 : 1)).getTime()];
}

const ENDS: Record<Exclude<Period, 'day'>, (last: Date) => string> = {
  week: (last) => new Intl.DateTimeFormat('en-GB', { weekday: 'long' }).format(last),
  month: (last) => `the ${ordinal(last.getDate())}`,
};

/** When a period ends: on its last day that is tonight, whatever the period. */
function end(period: Period, last: Date, nowMs: number): string {
  return period === 'day' || last.toDateString() === new Date(nowMs).toDateString() ? 'tonight' : ENDS[period](last);
}

/** `about $21.03 by the 30th`, when the rest of a period costs as much an hour as what has gone by;
 *  null before that can be said. */
export function paceOf(period: Period, spent: string, nowMs: number): string | null {
  const [from, to] = around(period, nowMs);
  const [whole, gone] = [BigInt(to - from), BigInt(Math.trunc(nowMs) - from)];
  if (nano(spent) <= 0n || Number(gone) < Number(whole) * GONE_LEAST) return null;
  return `about ${money(usd((nano(spent) * whole) / gone))} by ${end(period, new Date(to - 1), nowMs)}`;
}

function ordinal(n: number): string {
  const last = n % 100 > 10 && n % 100 < 14 ? 0 : n % 10;
  return `${n}${['th', 'st', 'nd', 'rd'][last] ?? 'th'}`;
}
