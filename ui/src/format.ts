// Numbers and times as people read them. Pure; money arrives as a decimal string and stays one:
// it is never turned into a floating-point number.

const NANO_DIGITS = 9;

/** `"1.234567890"` as nano-dollars. */
export function nano(usd: string): bigint {
  const negative = usd.startsWith('-');
  const [whole = '0', fraction = ''] = usd.replace('-', '').split('.');
  const value = BigInt(whole) * 1_000_000_000n + BigInt(fraction.padEnd(NANO_DIGITS, '0'));
  return negative ? -value : value;
}

/** Nano-dollars as the decimal string of the API. */
export function usd(amount: bigint): string {
  const size = amount < 0n ? -amount : amount;
  const digits = String(size).padStart(NANO_DIGITS + 1, '0');
  return `${amount < 0n ? '-' : ''}${digits.slice(0, -NANO_DIGITS)}.${digits.slice(-NANO_DIGITS)}`;
}

/** A part of a whole in whole percent; null where there is no whole. */
export function percent(part: number, whole: number): number | null {
  return whole > 0 ? Math.round((100 * part) / whole) : null;
}

/** Two decimals from $1 up, up to four significant digits below, `<$0.0001` for less. */
export function money(usd: string): string {
  const amount = nano(usd);
  const sign = amount < 0n ? '-' : '';
  const size = amount < 0n ? -amount : amount;
  if (size === 0n) return '$0';
  if (size < 100_000n) return `${sign}<$0.0001`;
  if (size >= 995_000_000n) {
    const cents = (size + 5_000_000n) / 10_000_000n;
    return `${sign}$${group(cents / 100n)}.${String(cents % 100n).padStart(2, '0')}`;
  }
  const places = size >= 100_000_000n ? 4 : size >= 10_000_000n ? 5 : 6;
  const unit = 10n ** BigInt(NANO_DIGITS - places);
  const digits = String((size + unit / 2n) / unit).padStart(places, '0');
  const trimmed = digits.replace(/0+$/, '');
  return `${sign}$0.${trimmed.length < 2 ? digits.slice(0, 2) : trimmed}`;
}

/** Most places of an amount behind its point. */
export const PLACES = 6;

/** An amount of a table: below a dollar it keeps all of its four digits, zeros too. */
export function digits(text: string): string {
  return text.replace(/(?<!<)\$0\.(0*)([1-9]\d*)(?=$| )/, (amount, zeros: string) => amount.padEnd('$0.'.length + Math.min(zeros.length + 4, PLACES), '0'));
}

/** Amounts of one column as they are, with their points in one line: what is behind the point is
 *  filled up with spaces as wide as a digit, to `places` or to the longest. Other texts stay. */
export function aligned(texts: string[], places?: number): string[] {
  const behind = texts.map((text) => {
    const amount = /\$[\d,]+(?:\.(\d+))?$/.exec(text);
    return amount === null ? null : (amount[1]?.length ?? 0);
  });
  const longest = places ?? Math.max(0, ...behind.map((n) => n ?? 0));
  return texts.map((text, i) => {
    const own = behind[i] ?? null;
    if (own === null || longest === 0) return text;
    return text + (own === 0 ? '\u2008' : '') + '\u2007'.repeat(Math.max(0, longest - own));
  });
}

/** The same with every digit of an amount below a dollar. */
export function column(texts: string[], places?: number): string[] {
  return aligned(texts.map(digits), places);
}

/** `1,234 · 12.3K · 1.23M`. */
export function count(n: number): string {
  if (n < 10_000) return group(BigInt(Math.trunc(n)));
  const [size, unit] = n < 999_500 ? [n / 1e3, 'K'] : n < 999_500_000 ? [n / 1e6, 'M'] : [n / 1e9, 'B'];
  return `${size < 10 ? size.toFixed(2) : size < 100 ? size.toFixed(1) : size.toFixed(0)}${unit}`;
}

/** `5.1 GB`, as servers of models count: 1 GB is a thousand MB. */
export function bytes(n: number): string {
  return n >= 1e9 ? `${(n / 1e9).toFixed(1)} GB` : `${(n / 1e6).toFixed(0)} MB`;
}

/** `0.9 s`, `41 s`, `3 min 05 s`, `1 h 02 min`. */
export function duration(ms: number): string {
  if (ms < 1000) return `${Math.max(0, Math.trunc(ms))} ms`;
  const seconds = ms / 1000;
  if (seconds < 10) return `${(Math.trunc(seconds * 10) / 10).toFixed(1)} s`;
  const s = Math.trunc(seconds);
  if (s < 60) return `${s} s`;
  if (s < 3600) return `${Math.trunc(s / 60)} min ${two(s % 60)} s`;
  return `${Math.trunc(s / 3600)} h ${two(Math.trunc((s % 3600) / 60))} min`;
}

/** Relative under an hour, clock time today, the date before. */
export function when(at: string, nowMs: number): string {
  const then = new Date(at);
  const seconds = Math.max(0, Math.trunc((nowMs - then.getTime()) / 1000));
  if (seconds < 60) return `${seconds} s ago`;
  if (seconds < 3600) return `${Math.trunc(seconds / 60)} min ago`;
  const now = new Date(nowMs);
  const clock = `${two(then.getHours())}:${two(then.getMinutes())}`;
  if (then.toDateString() === now.toDateString()) return clock;
  const day = `${then.getDate()} ${MONTHS[then.getMonth()]}`;
  return then.getFullYear() === now.getFullYear() ? `${day} ${clock}` : `${day} ${then.getFullYear()}`;
}

/** `3 July 2026`, in local time. */
export function day(at: string): string {
  return new Intl.DateTimeFormat('en-GB', { day: 'numeric', month: 'long', year: 'numeric' }).format(new Date(at));
}

/** The whole moment in local time, for hovering. */
export function stamp(at: string): string {
  const t = new Date(at);
  const date = `${t.getFullYear()}-${two(t.getMonth() + 1)}-${two(t.getDate())}`;
  const clock = `${two(t.getHours())}:${two(t.getMinutes())}:${two(t.getSeconds())}`;
  return `${date} ${clock}.${String(t.getMilliseconds()).padStart(3, '0')}`;
}

/** `1 request`, `212 requests`. */
export function plural(n: number, one: string, many = `${one}s`): string {
  return `${count(n)} ${n === 1 ? one : many}`;
}

/** A message that follows a name on a terminal, as a sentence of its own. Paths keep their case. */
export function sentence(text: string): string {
  return text.replace(/^[a-z](?=[a-z]* )/, (first) => first.toUpperCase());
}

const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];

function two(n: number): string {
  return String(n).padStart(2, '0');
}

function group(n: bigint): string {
  return String(n).replace(/\B(?=(\d{3})+$)/g, ',');
}

/** The words of a command behind a button that stands beside them. */
const OTHER_PORT = /^(.*) Stop it, or use another port: .*$/;

/** A problem a line; of a port that is taken without the words for a terminal. */
export function problemLines(message: string, taken: number | null): string[] {
  const lines = message.trim().split('\n');
  return taken === null ? lines : lines.map((line) => line.replace(OTHER_PORT, '$1 Stop it and try again, or use another port.'));
}
