// The eight pages, in the order of the rail, and which one was open last.

export const PAGES = [
  ['overview', 'Overview'],
  ['requests', 'Requests'],
  ['routing', 'Routing'],
  ['budgets', 'Budgets'],
  ['providers', 'Providers'],
  ['local', 'Local'],
  ['tools', 'Tools'],
  ['settings', 'Settings'],
] as const;

export type PageName = (typeof PAGES)[number][0];

const LAST = 'weir.page';
const SET_UP = 'weir.set-up';

/** What the webview keeps for this user; a webview that keeps nothing is no fault. */
function kept(key: string): string | null {
  try {
    return localStorage.getItem(key);
  } catch {
    return null;
  }
}

function keep(key: string, value: string): void {
  try {
    localStorage.setItem(key, value);
  } catch {
    // Then it is asked again next time.
  }
}

export function lastPage(): PageName {
  const last = kept(LAST);
  return PAGES.find(([name]) => name === last)?.[0] ?? 'overview';
}

export function rememberPage(page: PageName): void {
  keep(LAST, page);
}

/** Whether the first steps were gone through or waved away. */
export function wasSetUp(): boolean {
  return kept(SET_UP) !== null;
}

export function rememberSetUp(): void {
  keep(SET_UP, 'yes');
}

/** The page that a key asks for: Ctrl or ⌘ with 1 to 8. */
export function pageOf(event: KeyboardEvent): PageName | null {
  if (!(event.ctrlKey || event.metaKey) || event.altKey || event.shiftKey) return null;
  return /^[1-8]$/.test(event.key) ? (PAGES[Number(event.key) - 1]?.[0] ?? null) : null;
}

/** Whether keys typed there are text. */
export function takesText(target: EventTarget | null): boolean {
  return target instanceof HTMLElement && /^(INPUT|TEXTAREA|SELECT)$/.test(target.tagName);
}

export const COMMAND_KEY = typeof navigator !== 'undefined' && /Mac/.test(navigator.platform) ? '⌘' : 'Ctrl+';
