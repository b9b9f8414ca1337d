// The door's names are written in five places; one that is missing in any is refused at run time.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';

const file = (path: string) => readFileSync(join(process.cwd(), '..', path), 'utf8');
const all = (text: string, pattern: RegExp) => [...text.matchAll(pattern)].map(([, name]) => name ?? '').sort();

const door = all(file('ui/src/backend/tauri.ts'), /invoke\('([a-z_]+)'/g);
const hook = file('ui/isolation/hook.js');

describe('the commands of the window', () => {
  it('are the same in the door, the program, its build, its capability and the frame between', () => {
    expect(door.length).toBeGreaterThan(30);
    expect(all(file('src-tauri/build.rs'), /^ {8}"([a-z_]+)",$/gm)).toEqual(door);
    expect(all(file('src-tauri/src/lib.rs'), /commands::([a-z_]+),?$/gm)).toEqual(door);
    expect(all(file('capabilities/default.json'), /"allow-([a-z-]+)"/g).map((name) => name.replaceAll('-', '_'))).toEqual(door);
    expect(all(hook, /^ {2}([a-z_]+): \{/gm)).toEqual(door);
  });

  it('have one door only', () => {
    const sources = import.meta.glob('../src/**/*.{ts,svelte}', { query: '?raw', import: 'default', eager: true });
    const others = Object.entries(sources).filter(([path, text]) => !path.endsWith('backend/tauri.ts') && String(text).includes('@tauri-apps'));
    expect(others).toEqual([]);
    const html = Object.entries(sources).filter(([, text]) => /innerHTML|\{@html|insertAdjacentHTML|document\.write|eval\(/.test(String(text)));
    expect(html).toEqual([]);
  });
});

describe('the frame between the page and the program', () => {
  interface Message {
    cmd: string;
    payload?: unknown;
    options?: unknown;
  }
  const frame: { __TAURI_ISOLATION_HOOK__?: (message: Message) => Message } = {};
  new Function('window', hook)(frame);
  const heard = (message: Message) => frame.__TAURI_ISOLATION_HOOK__?.(message);
  const passes = (cmd: string, payload?: unknown) => {
    const message = { cmd, payload };
    const out = heard(message);
    if (out === message) return true;
    // What is refused goes on under a name that no command has, and with nothing of what it carried.
    expect(out).toEqual({ cmd: 'refused_between_page_and_program', payload: {}, options: undefined });
    return false;
  };

  it('knows the arguments of each command as the page gives them', () => {
    const named = (text: string, pattern: RegExp) =>
      [...text.matchAll(pattern)].map(([, cmd, given]) => `${cmd}(${[...(given ?? '').matchAll(/([a-zA-Z]+)(?=[:,]| *$)/g)].map(([name]) => name)})`).sort();
    const said = named(file('ui/src/backend/tauri.ts'), /invoke\('([a-z_]+)'(?:, \{ ([^}]*) \})?\)/g);
    expect(said).toHaveLength(door.length);
    expect(said).toContain('config_edit(edits,of)');
    const table = /const COMMANDS = (\{.*?\n\});/s.exec(hook)?.[1] ?? '';
    expect(named(table.replace(/: (flag|text|form|list|count|maybe\([a-z]+\))/g, ''), /^ {2}([a-z_]+): \{ ?([^}]*?) ?\},$/gm)).toEqual(said);
  });

  it('lets through what a command takes', () => {
    expect(passes('view')).toBe(true);
    expect(passes('key_set', { provider: 'anthropic', key: 'sk' })).toBe(true);
    expect(passes('tunnel_start', { host: null })).toBe(true);
    expect(passes('local_order', { order: { order: 'switch', on: false } })).toBe(true);
    expect(passes('plugin:event|listen', { event: 'view', handler: 1, target: { kind: 'Any' } })).toBe(true);
  });

  it('refuses a command that is not the window\'s', () => {
    for (const cmd of ['plugin:app|version', 'plugin:autostart|enable', 'constructor', '__proto__', 'VIEW', '']) {
      expect(passes(cmd, {}), cmd).toBe(false);
    }
  });

  it('refuses an argument that a command has not, or that is missing, or of another kind', () => {
    expect(passes('key_set', { provider: 'anthropic', key: 'sk', path: '/etc' })).toBe(false);
    expect(passes('key_set', { provider: 'anthropic' })).toBe(false);
    expect(passes('pause', { paused: 'yes' })).toBe(false);
    expect(passes('tunnel_start', { host: { toString: 1 } })).toBe(false);
    expect(passes('quit', { now: true })).toBe(false);
    expect(passes('view', [])).toBe(false);
    expect(passes('view', new Uint8Array(2))).toBe(false);
    expect(passes('route_test', { body: 'x'.repeat(5 << 20) })).toBe(false);
  });
});
