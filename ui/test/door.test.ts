// The door's names are written in four places; one that is missing in any is refused at run time.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';

const file = (path: string) => readFileSync(join(process.cwd(), '..', path), 'utf8');
const all = (text: string, pattern: RegExp) => [...text.matchAll(pattern)].map(([, name]) => name ?? '').sort();

const door = all(file('ui/src/backend/tauri.ts'), /invoke\('([a-z_]+)'/g);

describe('the commands of the window', () => {
  it('are the same in the door, the program, its build and its capability', () => {
    expect(door.length).toBeGreaterThan(30);
    expect(all(file('src-tauri/build.rs'), /^ {8}"([a-z_]+)",$/gm)).toEqual(door);
    expect(all(file('src-tauri/src/lib.rs'), /commands::([a-z_]+),?$/gm)).toEqual(door);
    expect(all(file('capabilities/default.json'), /"allow-([a-z-]+)"/g).map((name) => name.replaceAll('-', '_'))).toEqual(door);
  });

  it('have one door only', () => {
    const sources = import.meta.glob('../src/**/*.{ts,svelte}', { query: '?raw', import: 'default', eager: true });
    const others = Object.entries(sources).filter(([path, text]) => !path.endsWith('backend/tauri.ts') && String(text).includes('@tauri-apps'));
    expect(others).toEqual([]);
    const html = Object.entries(sources).filter(([, text]) => /innerHTML|\{@html|insertAdjacentHTML|document\.write|eval\(/.test(String(text)));
    expect(html).toEqual([]);
  });
});
