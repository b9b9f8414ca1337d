// What needs attention, with the page where it can be seen to. Pure.
import type { ProviderHealth, WindowView } from './api';
import type { PageName } from './pages';

export interface Attention {
  text: string;
  /** Where it can be seen to; null where no page helps. */
  page: PageName | null;
}

/** States of a provider in which it does not answer as it should. */
const TROUBLED = ['failing', 'resting', 'changed'];
/** A key that is there and cannot be had: the keychain's states, and a key of another address. */
const KEYLESS = /^key_/;
const TUNNEL_OPEN = "The tunnel for Cursor is open: its servers reach this machine's models.";
/** Notices of the engine by what they name, with the page for it. */
const PLACES: [RegExp, PageName][] = [
  [/known price|unpriced/, 'requests'],
  [/\.toml\b|\[server\]/, 'settings'],
  [/\bbudget\b/i, 'budgets'],
];
/** What follows is for a terminal; here a button stands in its place. */
const ON_A_TERMINAL = /\. (See|Run): weir [^.]*$/;

function placed(notice: string): Attention {
  const page = PLACES.find(([names]) => names.test(notice))?.[1] ?? null;
  return { text: page === null ? notice : notice.replace(ON_A_TERMINAL, '.'), page };
}

export function attentionOf(view: WindowView | null): Attention[] {
  const status = view?.overview?.status;
  return [
    ...(view?.notes ?? []).map((text) => ({ text, page: null })),
    ...(status?.tunnel ? [{ text: TUNNEL_OPEN, page: 'settings' as const }] : []),
    ...(status?.notices ?? []).map(placed),
    ...troubles(status?.providers ?? []),
  ];
}

/** A line for each reason: one locked keychain has the keys of many. */
function troubles(providers: ProviderHealth[]): Attention[] {
  const names = new Map<string, string[]>();
  for (const provider of providers.filter(({ state }) => TROUBLED.includes(state) || KEYLESS.test(state))) {
    const reason = provider.reason ?? provider.state.replaceAll('_', ' ');
    names.set(reason, [...(names.get(reason) ?? []), provider.name]);
  }
  return [...names].map(([reason, of]) => ({ text: `${of.join(', ')}: ${reason}`.replace(ON_A_TERMINAL, '.'), page: 'providers' as const }));
}
