// Opens the window over a fake door for a test, and reads it as a person would.
import { flushSync, mount, unmount } from 'svelte';
import { afterEach, beforeEach, expect } from 'vitest';
import App from '../src/App.svelte';
import type { PageName } from '../src/pages';
import { FakeBackend } from '../src/backend/fake';

let shown: { backend: FakeBackend; app: object } | null = null;

export async function open(backend: FakeBackend, page: PageName = 'overview'): Promise<FakeBackend> {
  localStorage.setItem('weir.page', page);
  const app = mount(App, { target: document.body, props: { backend } });
  shown = { backend, app };
  await settle();
  return backend;
}

/** Closes the window and leaves what it remembers. */
export async function close(): Promise<void> {
  if (shown === null) return;
  const { backend, app } = shown;
  shown = null;
  await unmount(app);
  expect(backend.listeners, 'a closed window hears nothing').toBe(0);
  document.body.innerHTML = '';
}

/** Lets every answer that is there arrive. */
export async function settle(): Promise<void> {
  for (let i = 0; i < 12; i += 1) {
    await Promise.resolve();
    flushSync();
  }
}

beforeEach(() => {
  localStorage.clear();
  localStorage.setItem('weir.set-up', 'yes');
});
afterEach(close);

export const squeezed = (text: string | null | undefined) => text?.replace(/\s+/g, ' ').trim() ?? '';
export const text = () => squeezed(document.body.textContent);
export const main = () => squeezed(document.querySelector('main')?.textContent);
export const cells = () => [...document.querySelectorAll('tbody td')].map((cell) => squeezed(cell.textContent));

export function button(name: string): HTMLButtonElement {
  const named = (b: HTMLButtonElement) => squeezed(b.textContent) === name || b.getAttribute('aria-label') === name;
  const found = [...document.querySelectorAll('button')].find(named);
  if (found === undefined) throw new Error(`no button ${name} in: ${text()}`);
  return found;
}

export async function click(name: string): Promise<void> {
  button(name).click();
  await settle();
}

export async function press(key: string, over: KeyboardEventInit = {}, on: EventTarget = document.activeElement ?? document.body): Promise<void> {
  on.dispatchEvent(new KeyboardEvent('keydown', { key, bubbles: true, cancelable: true, ...over }));
  await settle();
}

export async function type(label: string, value: string): Promise<void> {
  const input = field(label);
  input.value = value;
  // The simulated document knows no `:checked` of an option, by which a choice is read.
  if (input instanceof HTMLSelectElement) input.querySelector = (() => input.options[input.selectedIndex] ?? null) as typeof input.querySelector;
  input.dispatchEvent(new Event(input instanceof HTMLSelectElement ? 'change' : 'input', { bubbles: true }));
  await settle();
}

export function field(label: string): HTMLInputElement | HTMLSelectElement | HTMLTextAreaElement {
  const of = [...document.querySelectorAll('label')].find((each) => squeezed(each.textContent) === label);
  const found = of?.htmlFor ? document.getElementById(of.htmlFor) : (of?.querySelector('input') ?? document.querySelector(`[aria-label="${label}"]`));
  if (!(found instanceof HTMLInputElement || found instanceof HTMLSelectElement || found instanceof HTMLTextAreaElement)) {
    throw new Error(`no field ${label}`);
  }
  return found;
}
