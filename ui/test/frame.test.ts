// The frame: eight pages by rail and keys, what is remembered, and the states of every page.
import { describe, expect, it } from 'vitest';
import { PAGES, type PageName } from '../src/pages';
import { FakeBackend, row, view } from '../src/backend/fake';
import { button, click, close, main, open, press, settle, text } from './door';
import { sample } from './sample';

const NOW = Date.parse('2026-11-20T13:20:00Z');
const heading = () => document.querySelector('main h1')?.textContent;

it('goes to each page by its number and remembers the last one', async () => {
  await open(sample('usual', NOW));
  for (const [i, [, word]] of PAGES.entries()) {
    await press(String(i + 1), i % 2 === 0 ? { ctrlKey: true } : { metaKey: true });
    expect(heading()).toBe(word);
    expect(document.querySelector('[aria-current=page]')?.textContent).toContain(word);
    expect(document.activeElement, 'keys start on the page').toBe(document.querySelector('main'));
  }
  await close();
  await open(sample('usual', NOW), localStorage.getItem('weir.page') as PageName);
  expect(heading()).toBe('Settings');
});

it('searches with a slash, but not where a slash is typed', async () => {
  await open(sample('usual', NOW), 'requests');
  const search = document.querySelector<HTMLInputElement>('input[type=search]');
  await press('/');
  expect(document.activeElement).toBe(search);
  const typed = new KeyboardEvent('keydown', { key: '/', bubbles: true, cancelable: true });
  search?.dispatchEvent(typed);
  expect(typed.defaultPrevented).toBe(false);
});

it('a page that is remembered and no longer there is the overview', async () => {
  await open(sample('usual', NOW), 'elsewhere' as PageName);
  expect(heading()).toBe('Overview');
});

describe('every page', () => {
  for (const [name, word] of PAGES) {
    it(`${word} says when nobody serves, and its tools and settings stay`, async () => {
      await open(sample('offline', NOW), name);
      if (name === 'tools') expect(main()).toContain('Claude Code');
      else {
        expect(main()).toContain('Port 9347 is taken by node (pid 4242)');
        button('Try again');
      }
      expect(text()).toContain('Not serving');
    });

    it(`${word} tells a fault and asks again`, async () => {
      const backend = await open(sample('broken', NOW), name);
      if (name === 'routing') return; // Drawn from the view alone.
      expect(main()).toContain('The engine does not answer. Run: weir status');
      backend.dark = null;
      for (const again of document.querySelectorAll<HTMLButtonElement>('main [role=alert] button')) again.click();
      await settle();
      expect(main()).not.toContain('The engine does not answer');
    });

    it(`${word} with nothing in it says what to do`, async () => {
      await open(sample('empty', NOW), name);
      expect(main().length).toBeGreaterThan(40);
      expect(heading()).toBe(word);
    });
  }
});

it('an action that fails says why until it is dismissed', async () => {
  const backend = await open(sample('usual', NOW), 'requests');
  backend.fault = { code: 'not_answering', message: 'the engine does not answer. Run: weir status' };
  await click('Copy address');
  expect(main()).toContain('The engine does not answer. Run: weir status');
  await click('Dismiss');
  expect(main()).not.toContain('The engine does not answer');
});

it('what needs attention is counted beside the overview', async () => {
  await open(sample('usual', NOW), 'tools');
  expect(button('Overview ▲ 2 need attention').title).toMatch(/Overview \(.*1\)/);
});

describe('what needs attention', () => {
  it('leads to the page that helps, without words for a terminal', async () => {
    await open(sample('usual', NOW), 'overview');
    expect(main()).toContain("2 of today's requests have no known price. Requests");
    expect(main()).not.toContain('weir log');
    await click('Providers');
    expect(main()).toContain('3 of 6 ready');
  });

  it('is three lines until the others are asked for', async () => {
    await open(sample('full', NOW), 'overview');
    const lines = () => document.querySelectorAll('[aria-label=Attention] li').length;
    expect(lines()).toBe(4);
    await click('7 more');
    expect(lines()).toBe(11);
    await click('Fewer');
    expect(lines()).toBe(4);
  });

  it('is said to be nothing where nothing does', async () => {
    const backend = sample('usual', NOW);
    const status = backend.now.overview?.status;
    if (!status) throw new Error('the usual world serves');
    status.notices = [];
    status.providers = [];
    await open(backend, 'overview');
    expect(main()).toContain('All is well Nothing needs your attention.');
  });

  it('is never called well where something does', async () => {
    await open(sample('usual', NOW), 'overview');
    expect(main()).not.toContain('All is well');
  });
});

it('the overview alone says what was spent, what is left and what ran here', async () => {
  await open(sample('usual', NOW), 'overview');
  for (const said of ['Today about $1.24', 'This week about $3.80', 'about $6.20 left of $10.00, $0.31 set aside', '38 %', 'This week on this machine 46 % of requests', '$2.10']) {
    expect(main()).toContain(said);
  }
});

describe('the first steps', () => {
  it('come by themselves once, and can be left at once', async () => {
    localStorage.removeItem('weir.set-up');
    await open(sample('first', NOW));
    expect(heading()).toBe('First steps');
    expect(main()).toContain('ollama');
    expect(main()).toContain('Codex');
    await click('Skip all');
    expect(heading()).toBe('Overview');
    await close();
    await open(sample('first', NOW));
    expect(heading()).toBe('Overview');
  });

  it('go through with nothing changed unseen, and see the first request arrive', async () => {
    localStorage.removeItem('weir.set-up');
    const backend = await open(sample('first', NOW));
    await click('Next');
    expect(main()).toContain('It goes to the keychain');
    await click('Next');
    await new Promise((done) => setTimeout(done, 200));
    await settle();
    expect(main()).toContain('limit_usd = 5.00');
    await click('Next');
    await click('Codex');
    expect(main()).toContain('This is all that changes');
    expect(main()).toContain('model_provider = "weir"');
    expect(backend.asked.filter((what) => !/^(rehearse|show) /.test(what)), 'nothing was changed so far').toEqual([]);
    await click('Connect Codex');
    expect(backend.asked.at(-1)).toBe('connect codex false');
    await click('Next');
    expect(main()).toContain('Ask Codex anything');
    const usual = sample('usual', NOW).now;
    backend.show(usual);
    await settle();
    expect(main()).toContain('The first request is here.');
    await click('Done');
    expect(heading()).toBe('Overview');
  });
});

it('the first steps, opened again, wait for a request that is new', async () => {
  const backend = await open(sample('usual', NOW), 'settings');
  await click('First steps');
  await click('5 The first request');
  expect(main()).toContain('Ask Claude Code');
  expect(main()).not.toContain('The first request is here.');
  const now = backend.now.overview;
  if (now === null) throw new Error('the usual world serves');
  backend.show(view({ overview: { ...now, requests: [row({ id: 'wr_9999999999999', client: 'brand-new' }), ...now.requests] } }));
  await settle();
  expect(main()).toContain('The first request is here.');
  expect(main()).toContain('brand-new');
  backend.show(view({ overview: { ...now, requests: [row({ id: 'wr_9999999999999b', client: 'newer-still' }), row({ id: 'wr_9999999999999', client: 'brand-new' }), ...now.requests] } }));
  await settle();
  expect(main()).toContain('brand-new');
  await click('1 What is here');
  expect(main()).not.toContain('So far nothing is changed.');
});

describe('the history of a tool', () => {
  async function first(): Promise<FakeBackend> {
    localStorage.removeItem('weir.set-up');
    return open(sample('first', NOW));
  }

  it('is offered with what is there, and not read before it is wanted', async () => {
    const backend = await first();
    expect(main()).toContain('Claude Code 214 session logs since 3 July 2026');
    expect(main()).toContain('Codex 1 session log');
    expect(main()).toContain('So far nothing is changed.');
    expect(main()).not.toContain('1 session log since');
    expect(backend.asked).toEqual([]);
  });

  it('is taken over when that is wanted, and says what came of it', async () => {
    const backend = await first();
    await click('Take over the history of Claude Code');
    expect(backend.asked).toEqual(['import claude-code false']);
    expect(main()).toContain('9,812 requests added, $214.38 at the list prices of their days.');
    expect(main()).toContain('12 requests gone through Weir and counted already.');
    expect(main()).toContain('31 requests without a known price, so in no sum.');
    expect(main()).toContain('2 requests of the last ten minutes, left to the next time.');
    expect(main()).not.toContain('could not be read');
    expect(main()).not.toContain('So far nothing is changed.');
    button('Take over the history of Codex');
  });

  it('counts no dollars where a subscription paid', async () => {
    const backend = await first();
    const box = document.querySelector<HTMLInputElement>('[aria-label="A subscription paid for Claude Code"]');
    box?.click();
    await settle();
    await click('Take over the history of Claude Code');
    expect(backend.asked).toEqual(['import claude-code true']);
    expect(main()).toContain('9,812 requests added, without dollars.');
  });

  it('that cannot be taken over says why and can be tried again', async () => {
    const backend = await first();
    backend.fault = { code: 'not_found', message: '/home/someone/.claude/projects cannot be read: denied' };
    await click('Take over the history of Claude Code');
    expect(main()).toContain('cannot be read: denied');
    expect(button('Take over the history of Claude Code').disabled).toBe(false);
  });

  it('that was taken over before is said to be so', async () => {
    const backend = await first();
    backend.world.imported = { files: 214, added: 0, known: 9_812 };
    await click('Take over the history of Claude Code');
    expect(main()).toContain('Nothing new: 9,812 requests were taken over before.');
  });

  it('of which every request went through Weir has nothing to add, and is not called empty', async () => {
    const backend = await first();
    backend.world.imported = { files: 1, added: 0, known: 0, carried: 12, unpriced: 0, recent: 0 };
    await click('Take over the history of Claude Code');
    expect(main()).toContain('Nothing to add. 12 requests gone through Weir and counted already.');
    expect(main()).not.toContain('No request was found');
  });

  it('is not spoken of where no tool wrote one', async () => {
    localStorage.removeItem('weir.set-up');
    await open(sample('empty', NOW));
    expect(heading()).toBe('First steps');
    expect(main()).not.toContain('Past requests');
  });
});

it('a window without anything served and nothing wrong is starting', async () => {
  await open(new FakeBackend(view({ overview: null })));
  expect(main()).toContain('Weir is starting.');
});
