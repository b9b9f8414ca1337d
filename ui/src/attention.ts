// What needs attention, with the page where it can be seen to. Pure.
import type { WindowView } from './api';
import type { PageName } from './pages';

export interface Attention {
  text: string;
  /** Where it can be seen to; null where no page helps. */
  page: PageName | null;
}

/** States of a provider in which it does not answer as it should. */
const TROUBLED = ['failing', 'resting', 'key_locked', 'changed'];
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
    ...(status?.providers ?? [])
      .filter((provider) => TROUBLED.includes(provider.state))
      .map((provider) => ({ text: `${provider.name}: ${provider.reason ?? provider.state.replaceAll('_', ' ')}`, page: 'providers' as const })),
  ];
}
