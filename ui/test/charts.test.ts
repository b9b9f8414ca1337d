// Charts of the engine on the pages: what the pointer and the keyboard read of them, their tables,
// and that a drawing is an image and never a part of the page.
import { describe, expect, it } from 'vitest';
import type { Chart } from '../src/api';
import { sums, view } from '../src/backend/fake';
import { hue } from '../src/colours';
import { button, click, open, press, settle, squeezed, type } from './door';
import charts from './charts.json';
import { digits } from '../src/format';
import { sample } from './sample';

const NOW = Date.parse('2026-11-20T13:20:00Z');
const all = charts as unknown as Record<string, Chart>;
const spend = all['spend provider light'] as Chart;
const img = () => document.querySelector('.chart img') as HTMLImageElement;
const stops = () => [...document.querySelectorAll('.chart .stops')[0]?.querySelectorAll('rect') ?? []];
const said = () => squeezed(document.querySelector('.chart .said')?.textContent);
const drawnSvg = () => decodeURIComponent(img().src.replace('data:image/svg+xml,', ''));

describe('the chart of spend', () => {
  it('is the drawing of the engine as an image, with what it shows in words', async () => {
    await open(sample('usual', NOW));
    expect(drawnSvg()).toBe(spend.svg);
    expect(img().alt).toBe(spend.alt);
    expect(document.querySelectorAll('.chart .stops text')).toHaveLength(0);
  });

  it('has a place for every day, named by all that is known of it, where the day is drawn', async () => {
    await open(sample('usual', NOW));
    expect(stops()).toHaveLength(spend.stops.length);
    stops().forEach((rect, i) => {
      expect(rect.getAttribute('aria-label')).toBe(spend.stops[i]?.text);
      expect(Number(rect.getAttribute('x'))).toBe(spend.stops[i]?.at.x);
      expect(Number(rect.getAttribute('width'))).toBe(spend.stops[i]?.at.width);
    });
  });

  it('tells a day under the pointer, with its exact amounts, and forgets it when the pointer leaves', async () => {
    await open(sample('usual', NOW));
    const day = spend.stops.findIndex((_, i) => spend.marks.some((mark) => mark.stop === i));
    stops()[day]?.dispatchEvent(new Event('pointerenter'));
    await settle();
    expect(said()).toBe(squeezed(spend.stops[day]?.text));
    const mark = spend.marks.find((each) => each.stop === day);
    expect(stops()[day]?.querySelector('title')?.textContent).toContain(`$${mark?.usd}`);
    document.querySelector('.chart .stops')?.dispatchEvent(new Event('pointerleave'));
    await settle();
    expect(said()).toBe(squeezed(spend.notes.join(' ')));
  });

  it('is read by the arrow keys from the last day on, one of its places alone in the order of tabs', async () => {
    await open(sample('usual', NOW));
    const last = spend.stops.length - 1;
    const inOrder = () => stops().map((rect, i) => (rect.getAttribute('tabindex') === '0' ? i : -1)).filter((i) => i >= 0);
    expect(inOrder()).toEqual([last]);
    stops()[last]?.focus();
    await settle();
    await press('ArrowLeft', {}, stops()[last]);
    expect(said()).toBe(squeezed(spend.stops[last - 1]?.text));
    expect(document.activeElement).toBe(stops()[last - 1]);
    expect(inOrder()).toEqual([last - 1]);
    await press('Home', {}, stops()[last - 1]);
    expect(said()).toBe(squeezed(spend.stops[0]?.text));
    await press('ArrowLeft', {}, stops()[0]);
    expect(said()).toBe(squeezed(spend.stops[0]?.text));
    await press('End', {}, stops()[0]);
    expect(document.activeElement).toBe(stops()[last]);
  });

  it('is a table as well, the newest day first, every cell of it', async () => {
    await open(sample('usual', NOW));
    await click('Table');
    const rows = [...document.querySelectorAll('.chart table tbody tr')].map((row) => [...row.querySelectorAll('td')].map((cell) => squeezed(cell.textContent)));
    expect(rows).toEqual([...spend.rows].reverse().map((row) => row.map(digits)));
    const spent = [...document.querySelectorAll('.chart table tbody tr')].map((row) => row.lastElementChild?.textContent ?? '');
    const behind = new Set(spent.filter((text) => !text.includes('+')).map((text) => text.length - text.indexOf('.')));
    expect(behind.size, `points in one line: ${spent.join('|')}`).toBe(1);
    expect(document.querySelector('.chart img')).toBeNull();
    await click('Chart');
    expect(img()).not.toBeNull();
  });

  it('is asked for as it is wanted, and again when something was spent', async () => {
    const backend = await open(sample('usual', NOW));
    expect(backend.drawn.at(-1)).toMatchObject({ kind: 'spend', by: 'provider', span: 'all', theme: 'light', month: null });
    await type('Stacked by', 'tier');
    expect(drawnSvg()).toBe(all['spend tier light']?.svg);
    const before = backend.drawn.length;
    const now = backend.now.overview;
    if (now === null) throw new Error('no overview');
    backend.show(view({ overview: now }));
    await settle();
    expect(backend.drawn).toHaveLength(before);
    const totals = { ...now.status.totals, month: sums({ requests: 9_000, spent_usd: '99.000000000' }) };
    backend.show(view({ overview: { ...now, status: { ...now.status, totals } } }));
    await settle();
    expect(backend.drawn.length).toBeGreaterThan(before);
  });

  it('that cannot be drawn says why and is tried again', async () => {
    const backend = sample('usual', NOW);
    const good = backend.chart;
    backend.chart = () => Promise.reject({ code: 'ledger', message: 'the ledger cannot be read' });
    await open(backend);
    expect(squeezed(document.querySelector('.chart')?.textContent)).toContain('The ledger cannot be read');
    backend.chart = good;
    (document.querySelector('.chart [role=alert] button') as HTMLButtonElement).click();
    await settle();
    expect(drawnSvg()).toBe(spend.svg);
  });

  it('says nothing as a page that a hostile name would', async () => {
    const svg = '<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>';
    const hostile = '<img src=x onerror=alert(1)>';
    const chart = { ...spend, svg, title: hostile, stops: [{ label: hostile, text: hostile, at: spend.plot }], notes: [hostile] };
    const backend = sample('usual', NOW);
    backend.world.charts = { 'spend provider light': chart };
    await open(backend);
    expect(document.querySelector('.chart script, .chart img[onerror]')).toBeNull();
    expect(squeezed(document.querySelector('.chart')?.textContent)).toContain(hostile);
  });
});

describe('more charts', () => {
  it('are asked for when they are opened and not before', async () => {
    const backend = await open(sample('usual', NOW));
    expect(new Set(backend.drawn.map((query) => query.kind))).toEqual(new Set(['spend']));
    const more = document.querySelector('details.more') as HTMLDetailsElement;
    more.open = true;
    more.dispatchEvent(new Event('toggle'));
    await settle();
    expect(new Set(backend.drawn.map((query) => query.kind))).toEqual(new Set(['spend', 'local', 'savings', 'tasks', 'latency']));
    expect([...document.querySelectorAll('.more h2')].map((h) => squeezed(h.textContent))).toEqual([
      'Requests by day, local against cloud', 'Saved, and from cache', 'Spend by task', 'Time to the first byte',
    ]);
  });

  it('of a budget stand with it, and none with a budget of tokens', async () => {
    const backend = sample('usual', NOW);
    const [first] = backend.world.budgets.budgets;
    if (first === undefined) throw new Error('no budget');
    const tokens = { ...first, name: 'tokens', limit_usd: null, limit_tokens: 1_000_000 };
    backend.world.budgets = { ...backend.world.budgets, budgets: [first, tokens] };
    await open(backend, 'budgets');
    expect(backend.drawn.map((query) => query.budget)).toEqual([first.name]);
    expect(img().alt).toBe(all['budget light']?.alt);
    expect(button('Table')).toBeDefined();
  });
});

it('providers have the colours that the drawings give them', () => {
  // The engine's own test expects the same of the same names.
  const names = ['anthropic', 'openrouter', 'groq', 'mistral', 'deepseek', 'together', 'zürich', '🦙'];
  expect(names.map((name) => hue(name, false))).toEqual(['c1', 'c4', 'c6', 'c5', 'c5', 'c7', 'c7', 'c7']);
});
