// The window as a person meets it: every state drawn from a view, every action asked of the door.
import { describe, expect, it } from 'vitest';
import type { ToolRow, WindowView } from '../src/api';
import { attempt, FakeBackend, overview, row, sums, tunnel, view } from '../src/backend/fake';
import { button, cells, click, close, field, open as opened, press, settle, squeezed, text, type } from './door';

const open = (first: WindowView) => opened(new FakeBackend(first));

describe('the overview', () => {
  it('says where it listens and what today, the week and the month cost', async () => {
    const base = overview();
    await open(
      view({
        overview: {
          ...base,
          status: {
            ...base.status,
            totals: {
              day: sums({ requests: 212, spent_usd: '1.240000000' }),
              week: sums({ requests: 900, spent_usd: '3.800000000', estimated_requests: 2 }),
              month: sums({ requests: 901, spent_usd: '14.020000000', unpriced_requests: 3 }),
            },
          },
        },
      }),
    );
    expect(text()).toContain('Listening on 127.0.0.1:9347');
    expect(text()).toContain('Today $1.24 212 requests');
    expect(text()).toContain('This week about $3.80 900 requests');
    expect(text()).toContain('This month $14.02 + 3 unpriced 901 requests');
  });

  it('without requests offers the one next step', async () => {
    const backend = await open(view());
    expect(text()).toContain('No request has come through yet.');
    button('Copy address').click();
    await settle();
    expect(backend.asked).toEqual(['copyAddress']);
    expect(text()).toContain('Copied');
  });

  it('draws a request again when it ends, in its place', async () => {
    const open_row = row({
      outcome: null,
      pricing: null,
      usage: null,
      cost_usd: null,
      total_ms: null,
      attempts: [attempt({ outcome: null, status: null, settled_usd: null, state: 'open', first_byte_ms: null, total_ms: null })],
    });
    const backend = await open(view({ overview: overview({ requests: [open_row] }) }));
    expect(cells()).toContain('Under way');
    expect(cells()).toContain('up to $0.3100');
    expect(text()).toContain('1 answer under way');
    const line = document.querySelector('tbody tr');

    backend.show(view({ overview: overview({ requests: [row()] }) }));
    await settle();
    expect(document.querySelector('tbody tr')).toBe(line);
    expect(cells()).toEqual(
      expect.arrayContaining(['Done', 'claude-code', 'claude-sonnet-5-5 anthropic', '1,200', '340', '$0.008700', '3.1 s']),
    );
  });

  it('never shows what is not known as zero', async () => {
    await open(
      view({
        overview: overview({
          requests: [
            row({ id: 'wr_1', pricing: 'unpriced', cost_usd: null }),
            row({ id: 'wr_2', pricing: 'estimated' }),
            row({ id: 'wr_3', demo: true, cost_usd: '0.000000000' }),
          ],
        }),
      }),
    );
    expect(cells()).toEqual(expect.arrayContaining(['unpriced', 'about $0.008700', 'not counted']));
    expect(cells()).not.toContain('$0');
  });

  it('says that the tunnel is open for as long as it is', async () => {
    const base = overview();
    const backend = await open(view({ overview: { ...base, status: { ...base.status, tunnel: tunnel({ on: true }) } } }));
    expect(text()).toContain('The tunnel for Cursor is open');
    backend.show(view({ overview: base }));
    await settle();
    expect(text()).not.toContain('The tunnel for Cursor is open');
  });

  it('shows names and errors from outside as text', async () => {
    const hostile = '<img src=x onerror=alert(1)>';
    const base = overview();
    await open(
      view({
        notes: [hostile],
        overview: {
          ...base,
          status: { ...base.status, notices: [hostile] },
          requests: [row({ client: hostile, route: `${hostile}/${hostile}`, outcome: hostile })],
        },
      }),
    );
    const foreign = [...document.querySelectorAll('img')].filter((img) => !img.src.startsWith('data:image/svg+xml,'));
    expect(foreign).toEqual([]);
    expect(text()).toContain(hostile);
  });
});

describe('pausing', () => {
  it('asks for the other state and says what paused means', async () => {
    const backend = await open(view());
    button('Pause routing').click();
    await settle();
    const base = overview();
    const routing = { ...base.status.routing, paused: true };
    backend.show(view({ overview: { ...base, mark: 'paused', status: { ...base.status, routing } } }));
    await settle();
    expect(text()).toContain('every request goes where it asked');
    button('Resume routing').click();
    await settle();
    expect(backend.asked).toEqual(['pause true', 'pause false']);
  });

  it('that fails says why', async () => {
    const backend = await open(view());
    backend.fault = { code: 'not_answering', message: 'The engine does not answer. Run: weir status' };
    button('Pause routing').click();
    await settle();
    expect(text()).toContain('The engine does not answer. Run: weir status');
  });
});

describe('without an engine', () => {
  it('says why and tries again', async () => {
    const problem = { code: 'unavailable' as const, message: 'Port 9347 is taken by node (pid 4242).' };
    const backend = await open(view({ overview: null, problem }));
    expect(text()).toContain('Port 9347 is taken by node (pid 4242).');
    button('Try again').click();
    await settle();
    expect(backend.asked).toEqual(['retry']);
    expect(text()).not.toContain('Use another port');
  });

  it('takes another port where its own is taken', async () => {
    const problem = { code: 'unavailable' as const, message: 'Port 9347 is taken by node (pid 4242).' };
    const backend = await open(view({ overview: null, problem, port_taken: 9347 }));
    await click('Use another port');
    expect(field('Port').value).toBe('9348');
    expect(text()).not.toContain('Try again');
    await type('Port', '9347');
    expect(button('Use it').disabled, 'the one that is taken').toBe(true);
    expect(text()).toContain('9347 is the one that is taken.');
    await type('Port', '99999');
    expect(button('Use it').disabled).toBe(true);
    expect(text()).toContain('A port is a number from 0 to 65535; 0 takes any free one.');
    await type('Port', '9400');
    await click('Use it');
    expect(backend.asked).toEqual(['use port 9400']);
  });
});

it('the form for another port is closed by Escape, the focus back where it was, and names no command of a terminal', async () => {
  const message = 'port 9347 is taken by node (pid 4242). Stop it, or use another port: --port N, or port = N under [server] in config.toml';
  await open(view({ overview: null, problem: { code: 'unavailable', message }, port_taken: 9347 }));
  expect(text()).toContain('Port 9347 is taken by node (pid 4242). Stop it and try again, or use another port.');
  expect(text()).not.toContain('--port');
  await click('Use another port');
  field('Port').dispatchEvent(new KeyboardEvent('keydown', { key: 'Escape', bubbles: true, cancelable: true }));
  await settle();
  expect(document.querySelector('#port-elsewhere')).toBeNull();
  expect(document.activeElement).toBe(button('Use another port'));
});

it('an attempt that Weir did not live to settle shows no time it took', async () => {
  await open(view({ overview: overview({ requests: [row({ outcome: 'orphan', total_ms: 0 })] }) }));
  expect(cells()).toContain('Weir stopped');
  expect(cells()).not.toContain('0 ms');
});

describe('without a tray', () => {
  const tool = (state: ToolRow['state']): ToolRow => ({ tool: 'codex', title: 'Codex', found: true, program: '/usr/bin/codex', state, file: '/home/someone/.codex/config.toml', port: 9347, keeps_login: false });
  const leaving = () => [...document.querySelectorAll('[aria-label="Quit Weir"] button, [aria-label="Quit Weir"] p')].map((each) => squeezed(each.textContent));
  async function rail(state: ToolRow['state'], over: Partial<WindowView> = {}): Promise<FakeBackend> {
    return opened(new FakeBackend(view({ tray: false, ...over }), { tools: [tool(state)] }));
  }

  it('says so and offers to quit, which the tray menu would', async () => {
    const backend = await rail('connected', { notes: ['This desktop has no tray.'] });
    expect(text()).toContain('This desktop has no tray.');
    await click('Quit…');
    expect(leaving()).toEqual(['1 tool goes through Weir.', 'Keep serving', 'Restore the tools and quit', 'Cancel']);
    await click('Cancel');
    expect(backend.asked).toEqual([]);
    await click('Quit…');
    await click('Keep serving');
    await click('Restore the tools and quit');
    expect(backend.asked).toEqual(['hide', 'restoreAndQuit']);
  });

  it('speaks of no tool where none is connected', async () => {
    const backend = await rail('not_connected');
    await click('Quit…');
    expect(leaving()).toEqual(['Keep serving', 'Stop serving and quit', 'Cancel']);
    await click('Stop serving and quit');
    expect(backend.asked).toEqual(['quit']);
  });

  it('keeps nothing serving that does not serve', async () => {
    const stopped = { overview: null, problem: { code: 'unavailable' as const, message: 'port 9347 is taken' } };
    const held = await rail('edited', stopped);
    await click('Quit…');
    expect(leaving()).toEqual(['1 tool goes through Weir.', 'Restore the tools and quit', 'Cancel']);
    expect(held.asked).toEqual([]);
    await close();
    const free = await rail('not_connected', stopped);
    await click('Quit…');
    expect(free.asked, 'there is nothing to ask about').toEqual(['quit']);
  });

  it('asks as if a tool were connected where that cannot be told', async () => {
    const backend = await rail('not_connected');
    backend.dark = { code: 'internal', message: 'no folder of the user is known' };
    await click('Quit…');
    expect(leaving()).toEqual(['Tools that are connected need Weir.', 'Keep serving', 'Restore the tools and quit', 'Cancel']);
  });

  it('quits at once where another Weir goes on serving', async () => {
    const backend = await open(view({ tray: false, own_engine: false }));
    await click('Quit');
    expect(backend.asked).toEqual(['quit']);
  });
});

describe('a page that is asked for from outside', () => {
  it('is gone to once, and not again when something else changes', async () => {
    const backend = await open(view({ wanted: { page: 'budgets', turn: 3 } }));
    const heading = () => document.querySelector('main h1')?.textContent;
    expect(heading()).toBe('Budgets');
    await press('2', { ctrlKey: true }, window);
    backend.show(view({ wanted: { page: 'budgets', turn: 3 } }));
    await settle();
    expect(heading()).toBe('Requests');
    backend.show(view({ wanted: { page: 'tools', turn: 4 } }));
    await settle();
    expect(heading()).toBe('Tools');
    backend.show(view({ wanted: { page: null, turn: 5 } }));
    await settle();
    expect(heading()).toBe('Tools');
    backend.show(view({ wanted: { page: 'nowhere', turn: 6 } }));
    await settle();
    expect(heading()).toBe('Tools');
  });

  it('is drawn at once from the view that came with it, on the page that was asked for', async () => {
    const came = view({ wanted: { page: 'budgets', turn: 3 } });
    const backend = new FakeBackend(came);
    backend.came = came;
    backend.onView = () => new Promise(() => {});
    const opening = opened(backend);
    expect(document.querySelector('main h1')?.textContent, 'before anything was asked').toBe('Budgets');
    await opening;
    expect(localStorage.getItem('weir.page')).toBe('budgets');
  });
});
