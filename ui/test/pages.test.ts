// Requests, providers, local models, tools, settings, routing and budgets as a person uses them.
import { describe, expect, it, vi } from 'vitest';
import type { KeyRow, LogRow } from '../src/api';
import { budget, FakeBackend, overview, row, sums, view } from '../src/backend/fake';
import { bill, merged, NO_FILTER, passes, stages, total } from '../src/requests';
import { button, cells, click, close, field, main, open, press, settle, squeezed, type } from './door';
import { sample } from './sample';

const NOW = Date.parse('2026-11-20T13:20:00Z');
const lines = () => [...document.querySelectorAll('table[role=grid] tbody tr[id]')];
const grid = () => document.querySelector('table[role=grid]') as HTMLElement;

describe('requests', () => {
  it('draw only the lines in sight of ten thousand, and say how many there are', async () => {
    const backend = sample('full', NOW);
    await open(backend, 'requests');
    expect(lines().length).toBeLessThan(60);
    await type('Outcome', 'done');
    for (let i = 0; i < 12; i += 1) await settle();
    expect(grid().getAttribute('aria-rowcount')).toBe(String(backend.world.rows.filter((r) => r.outcome === 'ok').length + 1));
    expect(lines().length).toBeLessThan(60);
  });

  it('are found by text and by filters, and the sum is of what was found', async () => {
    await open(sample('usual', NOW), 'requests');
    await type('Search requests', 'gpt-5');
    expect(lines().every((line) => /gpt-5/.test(line.textContent ?? '') || /codex/.test(line.textContent ?? ''))).toBe(true);
    await type('Place', 'local');
    expect(main()).toContain('No request is like that.');
    await click('Clear search and filters');
    await type('Place', 'local');
    expect(main()).toMatch(/\d+ requests · \$0 · 100 % local/);
  });

  it('move by keys, open with Enter and close with Escape, the focus back on the list', async () => {
    await open(sample('usual', NOW), 'requests');
    grid().focus();
    await press('ArrowDown');
    await press('Enter');
    expect(main()).toContain('What comes before it in the chain failed.');
    await press('ArrowDown', {}, grid());
    expect(main()).not.toContain('What comes before it in the chain failed.');
    await press('Escape');
    expect(document.querySelector('aside')).toBeNull();
    expect(document.activeElement).toBe(grid());
  });

  it('show a life whose lines add up to the total, and what was dropped', async () => {
    const backend = sample('usual', NOW);
    await open(backend, 'requests');
    (lines()[1] as HTMLElement).click();
    await settle();
    const life = squeezed(document.querySelector('aside')?.textContent);
    expect(life).toContain('Attempt 1 anthropic/claude-sonnet-5-5, at most $0.31');
    expect(life).toContain('Refused, status 529');
    expect(cells().join(' ')).toContain('Prompt 2,200 $0.002750000');
    expect(life).toContain('Total$0.048906250');
    expect(life).toContain('context too short before it');
    expect(life).toContain('a setting of sampling (top_k)');
  });

  it('a cost that the lines do not explain has a line of its own', () => {
    const told = bill({ ...row({ cost_usd: '0.010000000' }), note: null, estimated_because: null, lines: [{ kind: 'output', model: null, tokens: 10, cost_usd: '0.004000001' }] });
    expect(told.rest).toBe('0.005999999');
    expect(bill({ ...row({ cost_usd: null }), note: null, estimated_because: null, lines: [] }).total).toBeNull();
  });

  it('open from the overview, and arrive while the page is open', async () => {
    const backend = sample('usual', NOW);
    await open(backend);
    (lines()[1] as HTMLElement).click();
    await settle();
    expect(document.querySelector('main h1')?.textContent).toBe('Requests');
    expect(document.querySelector('aside')).not.toBeNull();
    const now = backend.now.overview;
    if (now === null) throw new Error('no overview');
    backend.show(view({ overview: { ...now, requests: [row({ id: 'wr_9999999999999', client: 'brand-new' }), ...now.requests] } }));
    await settle();
    expect(cells()).toContain('brand-new');
  });

  it('rows are never doubled and never out of order', () => {
    const ids = (rows: LogRow[]) => rows.map((each) => each.id);
    const old = [row({ id: 'c' }), row({ id: 'a' })];
    expect(ids(merged(old, [row({ id: 'b' }), row({ id: 'c', outcome: 'timeout' })]))).toEqual(['c', 'b', 'a']);
    expect(merged(old, [row({ id: 'c', outcome: 'timeout' })])[0]?.outcome).toBe('timeout');
  });

  it('a sum counts no demonstration, and what has no price stands beside it', () => {
    const rows = [row(), row({ cost_usd: null, pricing: 'unpriced' }), row({ demo: true }), row({ pricing: 'estimated', local: true })];
    expect(total(rows)).toMatchObject({ spent: '0.017400000', unpriced: 1, about: true, local: 1 });
    expect(passes(row({ outcome: 'timeout' }), { ...NO_FILTER, outcome: 'failed' })).toBe(true);
  });

  it('a request still under way has no stage that did not happen', () => {
    const names = stages(row({ outcome: null, cost_usd: null, total_ms: null })).map((stage) => stage.name);
    expect(names).toEqual(['Accepted', 'Read']);
  });
});

/** A world in which gemini's key is in that state. */
function trouble(state: KeyRow['state'], fix = 'the keychain did not answer within 3 s') {
  const backend = sample('usual', NOW);
  const health = state === 'stored' ? 'ready' : `key_${state}`;
  backend.world.keys = backend.world.keys.map((row) => (row.provider === 'gemini' ? { ...row, state, fix } : row));
  const status = backend.now.overview!.status;
  status.providers = status.providers.map((each) => (each.name === 'gemini' ? { ...each, state: health, reason: fix } : each));
  return backend;
}

describe('keys', () => {
  it('are tested as soon as they are saved, and forgotten here', async () => {
    const backend = await open(sample('usual', NOW), 'providers');
    (document.querySelectorAll('.bar')[3] as HTMLElement).click();
    await settle();
    const input = field('Key for openrouter') as HTMLInputElement;
    expect(input.type).toBe('password');
    await type('Key for openrouter', '  sk-or-1  ');
    await click('Save and test');
    expect(backend.asked).toEqual(['keySet openrouter sk-or-1', 'keyTest openrouter']);
    expect(main()).toContain('openrouter accepts the key');
    expect(document.body.innerHTML).not.toContain('sk-or-1');
  });

  it('that are refused say so, and stay to be replaced', async () => {
    const backend = sample('usual', NOW);
    backend.world.keyTest = { ok: false, status: 401, message: 'openrouter refuses the key (status 401)' };
    await open(backend, 'providers');
    (document.querySelectorAll('.bar')[3] as HTMLElement).click();
    await settle();
    await type('Key for openrouter', 'wrong');
    await click('Save and test');
    expect(main()).toContain('refuses the key (status 401)');
    button('Replace');
  });

  it('are removed only after a second word', async () => {
    const backend = await open(sample('usual', NOW), 'providers');
    (document.querySelectorAll('.bar')[0] as HTMLElement).click();
    await settle();
    await click('Remove');
    expect(backend.asked).toEqual([]);
    await click('Keep');
    await click('Remove');
    await click('Remove');
    expect(backend.asked).toEqual(['keyRemove anthropic']);
  });

  it('behind a locked keychain offer both ways out', async () => {
    await open(sample('usual', NOW), 'providers');
    (document.querySelectorAll('.bar')[2] as HTMLElement).click();
    await settle();
    expect(main()).toContain('The keychain is locked');
    expect(main()).toContain('key = "env:GEMINI_API_KEY"');
  });

  const STATES: [KeyRow['state'], string, string][] = [
    ['absent', 'No keychain', 'No keychain runs on this desktop'],
    ['denied', 'Keychain refused', 'Allow Weir in its own settings'],
    ['silent', 'Keychain does not answer', 'It may be asking for its password'],
    ['foreign', "Not Weir's item", 'that Weir did not write'],
    ['locked', 'Keychain locked', 'Unlock it with the password of your login'],
  ];
  for (const [state, word, sentence] of STATES) {
    it(`behind a keychain that is ${state} say so in words of their own, and are asked for again`, async () => {
      const backend = trouble(state);
      await open(backend, 'providers');
      (document.querySelectorAll('.bar')[2] as HTMLElement).click();
      await settle();
      expect(main()).toContain(word);
      expect(main()).toContain(sentence);
      expect(main()).toContain('key = "env:GEMINI_API_KEY"');
      backend.fault = { code: 'key', message: 'the keychain still says no' };
      await click('Try again');
      expect(backend.asked, 'only this asks the keychain').toEqual(['keyTest gemini']);
      expect(main()).toContain('The keychain still says no');
    });
  }

  it('that the provider refused say so until another one is there', async () => {
    const backend = trouble('rejected', 'gemini refused it when it was tested (status 401): weir key set gemini');
    await open(backend, 'providers');
    (document.querySelectorAll('.bar')[2] as HTMLElement).click();
    await settle();
    expect(main()).toContain('Key refused');
    expect(main()).toContain('Gemini refused it when it was tested (status 401).');
    expect(main()).not.toContain('weir key set');
    await click('Replace');
    await type('Key for gemini', 'new');
    await click('Save and test');
    expect(backend.asked).toEqual(['keySet gemini new', 'keyTest gemini']);
  });

  it('of another address can be replaced and removed', async () => {
    const backend = trouble('moved', 'the keychain holds this key for another address. It was stored for https://a.example:443 and [providers.gemini] now says https://b.example:443. If that is right, run: weir key set gemini');
    await open(backend, 'providers');
    (document.querySelectorAll('.bar')[2] as HTMLElement).click();
    await settle();
    expect(main()).toContain('Key of another address');
    expect(main()).toContain('It was stored for https://a.example:443');
    expect(main()).not.toContain('weir key set');
    await click('Replace');
    await type('Key for gemini', 'new');
    await click('Save and test');
    expect(backend.asked).toEqual(['keySet gemini new', 'keyTest gemini']);
    await close();
    const other = await open(trouble('moved'), 'providers');
    (document.querySelectorAll('.bar')[2] as HTMLElement).click();
    await settle();
    await click('Remove');
    await click('Remove');
    expect(other.asked).toEqual(['keyRemove gemini']);
  });

  it('that are stored and were not read yet can be tested', async () => {
    const backend = trouble('stored');
    await open(backend, 'providers');
    (document.querySelectorAll('.bar')[2] as HTMLElement).click();
    await settle();
    await click('Test key');
    expect(backend.asked).toEqual(['keyTest gemini']);
  });

  it('that cannot be had are what needs attention, a keychain once for all of them', async () => {
    const backend = trouble('silent');
    const status = backend.now.overview!.status;
    status.notices = [];
    status.providers = status.providers.map((each) => (each.name === 'openai' ? { ...each, state: 'key_silent', reason: 'the keychain did not answer within 3 s' } : each));
    await open(backend, 'overview');
    expect(main()).toContain('openai, gemini: the keychain did not answer within 3 s');
    expect(main()).not.toContain('All is well');
  });

  it('an unknown price is a word, and prices carry their date', async () => {
    await open(sample('usual', NOW), 'providers');
    expect(main()).toContain('Prices: built-in table of 2026-11-18');
    await type('Find a model or provider', 'devstral');
    expect(main()).toContain('no price known');
    expect(cells()).not.toContain('$0');
  });
});

describe('local models', () => {
  it('are loaded, unloaded and switched off by one order each', async () => {
    const backend = await open(sample('usual', NOW), 'local');
    await click('Unload llama3.2:3b');
    await click('Load nomic-embed-text');
    await click('Local models: on');
    expect(backend.asked).toEqual([
      'local {"order":"unload","model":"ollama/llama3.2:3b"}',
      'local {"order":"load","model":"ollama/nomic-embed-text"}',
      'local {"order":"switch","on":false}',
    ]);
  });

  it('have a switch each, with a name of its own, also where their server is gone', async () => {
    const backend = sample('usual', NOW);
    backend.world.local = backend.world.local.map((server) => ({
      ...server,
      models: server.models.map((model) => ({ ...model, off: model.name === 'llama3.2:3b' })),
    }));
    const overview = backend.now.overview!;
    overview.status.routing.models_off = ['ollama/llama3.2:3b', 'gpu/qwen3:32b'];
    await open(backend, 'local');
    const switches = [...document.querySelectorAll('table [role="switch"]')].map((one) => [one.getAttribute('aria-label'), one.getAttribute('aria-checked'), one.textContent?.trim()]);
    expect(switches).toEqual([
      ['Use qwen2.5-coder:7b in routing', 'true', 'On'],
      ['Use llama3.2:3b in routing', 'false', 'Off'],
      ['Use nomic-embed-text in routing', 'true', 'On'],
      ['Use gpt-oss:120b-cloud in routing', 'true', 'On'],
      ['Use gpu/qwen3:32b in routing', 'false', 'Off'],
    ]);
    expect(main()).toContain('Switched off, and not there now');
    await click('Use qwen2.5-coder:7b in routing');
    await click('Use llama3.2:3b in routing');
    await click('Use gpu/qwen3:32b in routing');
    expect(backend.asked).toEqual([
      'local {"order":"switch_model","model":"ollama/qwen2.5-coder:7b","on":false}',
      'local {"order":"switch_model","model":"ollama/llama3.2:3b","on":true}',
      'local {"order":"switch_model","model":"gpu/qwen3:32b","on":true}',
    ]);
  });

  const short = 'llama3.2:3b is loaded with a context of 4,096 tokens';

  it('with a short context are no finding where Weir asks for more with the request', async () => {
    await open(sample('usual', NOW), 'local');
    expect(main()).not.toContain(short);
  });

  it.each([
    ['ollama', 'http://127.0.0.1:11434/v1', 'OLLAMA_CONTEXT_LENGTH'],
    ['lmstudio', 'http://127.0.0.1:1234/v1', 'weir local load MODEL --context 32768'],
  ])('with a context too short for a tool are told with what helps at %s', async (kind, url, fix) => {
    const backend = sample('usual', NOW);
    backend.world.local = backend.world.local.map((server) => (server.server === 'ollama' ? { ...server, kind, url } : server));
    await open(backend, 'local');
    expect(main()).toContain(short);
    expect(main()).toContain(fix);
  });

  it('in a cloud are told, and so is who waits', async () => {
    await open(sample('usual', NOW), 'local');
    expect(main()).toContain('In a cloud');
    expect(main()).toContain('2 models in memory, 7.1 GB');
    expect(main()).toContain('1 waits, the first for 3.2 s');
  });
});

describe('a local server that stands still', () => {
  const still = { state: 'not_running', models: [], queue: null };

  it('is started by a button where there is something to start', async () => {
    const backend = sample('usual', NOW);
    backend.world.local = backend.world.local.map((server) => ({ ...server, ...still, written: true, can_start: server.server === 'ollama' }));
    await open(backend, 'local');
    expect(document.querySelectorAll('h2 button.primary')).toHaveLength(1);
    await click('Start');
    expect(backend.asked).toContain('local {"order":"start","server":"ollama"}');
  });

  it('and is not written down is not shown where there is nothing to start', async () => {
    const backend = sample('usual', NOW);
    backend.world.local = backend.world.local.map((server) => ({ ...server, ...still, written: false, can_start: false }));
    await open(backend, 'local');
    expect(main()).toContain('No local server runs on this machine.');
    expect(main()).not.toContain('Start');
  });
});

describe('tools', () => {
  it('show what would change before anything does, and the first request after', async () => {
    const backend = await open(sample('usual', NOW), 'tools');
    await click('Connect Codex');
    expect(main()).toContain('http_headers = { "x-weir-token" = "weir_…" }');
    expect(backend.asked).toEqual(['rehearse codex false']);
    await click('Connect Codex');
    expect(main()).toContain('Waiting for its first request.');
    const now = backend.now.overview;
    if (now === null) throw new Error('no overview');
    backend.show(view({ overview: { ...now, requests: [row({ id: 'wr_9', client: 'codex' }), ...now.requests] } }));
    await settle();
    expect(main()).toContain('The first request is here: claude-sonnet-5-5, $0.0087.');
  });

  it('say how long ago the last request was, and go on counting', async () => {
    vi.useFakeTimers({ now: NOW, toFake: ['Date', 'setInterval', 'clearInterval'] });
    try {
      await open(sample('usual', NOW), 'tools');
      expect(main()).toContain('Last request 4 s ago');
      vi.advanceTimersByTime(10_000);
      await settle();
      expect(main()).toContain('Last request 14 s ago');
      await close();
    } finally {
      vi.useRealTimers();
    }
  });

  it('that keep their own login are connected anew with it', async () => {
    const backend = sample('usual', NOW);
    backend.world.tools = backend.world.tools.map((tool) => (tool.tool === 'claude-code' ? { ...tool, state: 'edited', keeps_login: true } : tool));
    await open(backend, 'tools');
    await click('Connect Claude Code');
    expect(backend.asked).toEqual(['rehearse claude-code true']);
  });

  it('are put back one by one or all together, all only after a second word', async () => {
    const backend = await open(sample('usual', NOW), 'tools');
    await click('Disconnect');
    await click('Restore all…');
    await click('Restore all');
    expect(backend.asked).toEqual(['disconnect claude-code', 'restore']);
  });

  it('that are set up by hand say so where the clipboard takes nothing', async () => {
    const backend = sample('usual', NOW);
    backend.world.plans = { cline: { tool: 'cline', connected: true, unchanged: false, files: [], notes: [], by_hand: [['Base URL', 'http://127.0.0.1:9347/v1'], ['API key', 'weir_once']] } };
    await open(backend, 'tools');
    await click('Connect Cline');
    await click('Connect Cline');
    backend.fault = { code: 'unavailable', message: 'the clipboard cannot be reached' };
    const [, copy] = [...document.querySelectorAll<HTMLButtonElement>('dd button')];
    copy?.click();
    await settle();
    expect(main()).toContain('The clipboard cannot be reached. Mark the text and copy it by hand.');
    expect(main()).not.toContain('Copied');
    backend.fault = null;
    copy?.click();
    await settle();
    expect(backend.asked.at(-1)).toBe('copy weir_once');
    expect(main()).toContain('Copied');
    expect(main()).not.toContain('cannot be reached');
  });

  it('that cannot be connected say why and what to do', async () => {
    const backend = await open(sample('usual', NOW), 'tools');
    backend.dark = { code: 'unavailable', message: '/home/someone/.codex/config.toml is a link. Nothing was changed. Replace it by a file' };
    await click('Connect Codex');
    expect(main()).toContain('Nothing was changed. Replace it by a file');
    expect(button('Connect Codex').disabled).toBe(true);
  });
});

describe('settings', () => {
  it('say of a file that does not hold only what is so, with and without anything served', async () => {
    const backend = sample('full', NOW);
    await open(backend, 'settings');
    expect(main()).toContain('What was in force before still is. Mend the file; it is read again by itself.');
    const { close } = await import('./door');
    await close();
    const stopped = sample('offline', NOW);
    stopped.world.config = backend.world.config;
    await open(stopped, 'settings');
    expect(main()).toContain('2 problems. Mend the file, then try again.');
    expect(main()).not.toContain('by itself');
    button('Try again');
  });

  it('start at login is asked of the desktop, and a file that does not hold is told by line', async () => {
    const backend = await open(sample('full', NOW), 'settings');
    const box = field('Start Weir when I log in, with its window closed') as HTMLInputElement;
    box.checked = true;
    box.dispatchEvent(new Event('change', { bubbles: true }));
    await settle();
    expect(backend.asked).toEqual(['login true']);
    expect(box.checked).toBe(true);
    expect(main()).toContain('Line 12: tiers.low');
  });

  it('a home that was named cannot be started at login, and what failed is switched back', async () => {
    const words = 'Start Weir when I log in, with its window closed';
    const backend = sample('usual', NOW);
    backend.now = { ...backend.now, login: null };
    await open(backend, 'settings');
    expect((field(words) as HTMLInputElement).disabled).toBe(true);
    expect(main()).toContain('this one was named by --home or WEIR_HOME');
    backend.show({ ...backend.now, login: false });
    await settle();
    const box = field(words) as HTMLInputElement;
    expect(box.disabled).toBe(false);
    backend.fault = { code: 'unavailable', message: 'start at login cannot be changed: no space' };
    box.checked = true;
    box.dispatchEvent(new Event('change', { bubbles: true }));
    await settle();
    expect(main()).toContain('Start at login cannot be changed: no space');
    expect(box.checked).toBe(false);
  });

  it('the tunnel shows its token once and is closed from here', async () => {
    const backend = await open(sample('usual', NOW), 'settings');
    await type('Public name', 'weir.example.com');
    await click('Open the tunnel');
    expect(main()).toContain(`weir_${'t'.repeat(43)}`);
    expect(main()).toContain('https://weir.example.com/cursor/v1');
    await click('Close the tunnel');
    expect(backend.asked).toEqual(['tunnelStart weir.example.com', 'tunnelStop']);
    expect(main()).not.toContain('weir_t');
  });

  it('every check is shown with its fix', async () => {
    await open(sample('usual', NOW), 'settings');
    await click('Check now');
    expect(cells().slice(-3, -1)).toEqual(['Wrong', 'context llama3.2:3b']);
    expect(cells().at(-1)).toContain('Start Ollama with OLLAMA_CONTEXT_LENGTH');
  });
});

describe('routing', () => {
  it('judges what is pasted, a prompt or a whole body, and sends nothing', async () => {
    const backend = await open(sample('usual', NOW), 'routing');
    await type('A prompt or a whole request body', 'Why does this hang?');
    await new Promise((done) => setTimeout(done, 350));
    await settle();
    expect(main()).toContain('debugging, high, sure (0.93)');
    await type('A prompt or a whole request body', '{"model":"gpt-5","messages":[]}');
    await new Promise((done) => setTimeout(done, 350));
    await settle();
    expect(backend.asked).toEqual([
      'route {"model":"weir-auto","messages":[{"role":"user","content":"Why does this hang?"}]}',
      'route {"model":"gpt-5","messages":[]}',
    ]);
  });

  it('shows where each tier leads now, and who waits', async () => {
    await open(sample('usual', NOW), 'routing');
    expect(main()).toMatch(/ollama\/qwen2.5-coder:7b ?now/);
    expect(main()).toContain('1 waits');
    expect(main()).toContain('resting');
  });

  it('compares with the plans of shadow mode and with another configuration, when asked', async () => {
    const backend = await open(sample('usual', NOW), 'routing');
    expect(backend.asked).toEqual([]);
    await click('Compare');
    expect(cells().slice(-7)).toEqual(['All', '900', '$3.80', 'about $2.14', '$1.66', '46 %', '61 %']);
    await click('Another configuration');
    expect(button('Compare').disabled).toBe(true);
    await type('A configuration', '[routing]\nmode = "local-first"');
    await click('Compare');
    expect(backend.asked.at(-1)).toContain('simulate false [routing]');
  });
});

it('a budget over its limit says what that means and until when', async () => {
  await open(sample('full', NOW), 'budgets');
  expect(main()).toContain('$3.80 of $10.00, 38 %');
  expect(main()).toContain('Its limit is reached: no request leaves until');
});

/** Until a change that is wanted is shown: typing has to be over first. */
const QUIET_MS = 200;
async function shown(): Promise<void> {
  await new Promise((done) => setTimeout(done, QUIET_MS));
  await settle();
}

it('a budget is raised for a day, and taken away only after the lines that go are shown', async () => {
  const backend = await open(sample('usual', NOW), 'budgets');
  expect(document.querySelector('[aria-current=step]')?.textContent).toBe('As asked');
  expect(main()).toContain('At this pace about $5.79 by then.');
  await click('Raise for today');
  await click('Remove');
  await shown();
  expect(main()).toContain('- name = "week"');
  await click('Keep it');
  expect(main()).not.toContain('- name = "week"');
  await click('Remove');
  await shown();
  await click('Remove it');
  expect(backend.asked).toEqual([
    'budget {"do":"lift","name":"week","for_s":null,"by_usd":null,"by_tokens":null}',
    'show [{"edit":"remove_budget","name":"week"}]',
    'show [{"edit":"remove_budget","name":"week"}]',
    'write mark [{"edit":"remove_budget","name":"week"}]',
  ]);
  expect(main()).toContain('Budget week is gone from');
});

it('a change of a budget begins from what is written, and writes nothing of what holds for a time', async () => {
  const backend = sample('usual', NOW);
  const raised = { limit_usd: '20.000000000', at_limit: 'local', changed_until: '2026-11-20T23:00:00.000Z' };
  const written = { limit_usd: '10.000000000', limit_tokens: null, at_limit: 'block' };
  backend.world.budgets.budgets = backend.world.budgets.budgets.map((each) => ({ ...each, ...raised, written }));
  await open(backend, 'budgets');
  await click('Change');
  expect((field('At most $') as HTMLInputElement).value).toBe('10.00');
  expect((field('and then') as HTMLSelectElement).value).toBe('block');
  expect(main()).toContain('Nothing is changed yet.');
  await shown();
  expect(backend.asked, 'nothing to show').toEqual([]);
  await type('and then', 'notify');
  await shown();
  const change = '[{"edit":"budget","name":"week","period":null,"limit_usd":null,"limit_tokens":null,"at_limit":"notify"}]';
  expect(backend.asked).toEqual([`show ${change}`]);
  expect(main()).toContain('at_limit = "notify"');
  expect(main()).not.toContain('limit_usd');
  await click('Change it');
  expect(backend.asked.at(-1)).toBe(`write mark ${change}`);
  expect(main()).toContain('Budget week is changed in');
  expect(document.getElementById('budget-limit')).toBeNull();
});

it('what a tier cost today is about that where its sum holds estimates', async () => {
  const backend = sample('usual', NOW);
  const tier = { key: 'high', requests: 4, spent_usd: '1.000000000', saved_usd: '0.000000000', local_requests: 0, unpriced_requests: 0, estimated_requests: 1, tokens: sums().tokens };
  backend.world.groups.tier = [tier, { ...tier, key: 'medium', estimated_requests: 0 }];
  await open(backend, 'routing');
  const tiers = [...document.querySelectorAll('.tiers > div')].map((each) => squeezed(each.textContent));
  expect(tiers[2]).toMatch(/Today \d+ requests, about \$/);
  expect(tiers[1]).toMatch(/Today \d+ requests, \$/);
});

it('a budget of tokens is told in tokens, and never in dollars', async () => {
  const base = sample('usual', NOW);
  const tokens = budget({ limit_usd: null, limit_tokens: 2_000_000, spent_tokens: 760_000, forecast_usd: null });
  base.world.budgets = { budgets: [{ ...tokens, scope: [], history: [], written: { limit_usd: null, limit_tokens: 2_000_000, at_limit: 'local' } }], allowances: [] };
  await open(base, 'budgets');
  expect(main()).toContain('760K of 2.00M tokens, 38 %');
  expect(main()).toContain('1.24M tokens left');
});

it('a budget with an amount that is none is not offered', async () => {
  const backend = await open(new FakeBackend(view({ overview: overview() })), 'budgets');
  await type('At most $', '5,000');
  expect(main()).toContain('must be an amount of dollars');
  expect(button('Set this budget').disabled).toBe(true);
  await type('At most $', '12');
  await type('Period', 'month');
  await shown();
  const set = '[{"edit":"budget","name":"month","period":"month","limit_usd":"12.000000000","limit_tokens":null,"at_limit":"downgrade"}]';
  expect(backend.asked).toEqual([`show ${set}`]);
  expect(main()).toContain('limit_usd = 12.00');
  await click('Set this budget');
  expect(backend.asked.at(-1)).toBe(`write mark ${set}`);
});

it('a budget that would not hold says why by its line and is not written', async () => {
  const backend = new FakeBackend(view({ overview: overview() }));
  backend.world.change = { problems: [{ line: 9, message: 'budgets[1].name: two budgets are called "week". Rename one' }] };
  await open(backend, 'budgets');
  await shown();
  expect(main()).toContain('two budgets are called "week"');
  expect(button('Set this budget').disabled).toBe(true);
});

it('every name and text from outside is shown as text', async () => {
  const hostile = '<img src=x onerror=alert(1)>';
  const backend = sample('usual', NOW);
  backend.world.tools = backend.world.tools.map((tool) => ({ ...tool, title: hostile, file: hostile }));
  backend.world.local = backend.world.local.map((server, i) => ({ ...server, server: hostile + i, reason: hostile }));
  for (const page of ['tools', 'local', 'providers'] as const) {
    const { close } = await import('./door');
    await open(backend, page);
    expect(document.querySelector('img')).toBeNull();
    await close();
  }
});
