// Tiers, rules, the port and profiles, edited as a person does it: shown first, then written.
import { describe, expect, it } from 'vitest';
import type { RoutingText } from '../src/api';
import { draftOf, edits, meant, moved, NO_WHEN } from '../src/routing';
import { button, click, field, main, open, press, settle, squeezed, type } from './door';
import { sample } from './sample';

const NOW = Date.parse('2026-11-20T13:20:00Z');
const QUIET_MS = 200;
const rule = (client: string, ...leads: string[]) => ({ when: { ...NO_WHEN, client }, leads });
const TEXT: RoutingText = {
  file: 'config.toml',
  mode: 'honour',
  tiers: { low: ['a/1', 'b/2'], medium: [], high: ['c/3'] },
  rules: [rule('one', 'low'), rule('two', 'low'), rule('three', 'high')],
};

async function shown(): Promise<void> {
  await new Promise((done) => setTimeout(done, QUIET_MS));
  await settle();
}
const links = (tier: string) => [...document.querySelectorAll(`[aria-label="Chain of ${tier}"] .link-name`)].map((each) => squeezed(each.textContent).replace(/^⠿ ?\d+ ?/, ''));

describe('a draft', () => {
  it('that says what the file says comes to nothing', () => {
    expect(edits(TEXT, draftOf(TEXT))).toEqual([]);
  });

  it('comes to one change for each tier and the mode that differ', () => {
    const draft = { ...draftOf(TEXT), mode: 'tiered', tiers: { ...TEXT.tiers, low: ['b/2', 'a/1'], medium: ['local'] } };
    expect(edits(TEXT, draft)).toEqual([
      { edit: 'mode', mode: 'tiered' },
      { edit: 'tier', tier: 'low', chain: ['b/2', 'a/1'] },
      { edit: 'tier', tier: 'medium', chain: ['local'] },
    ]);
  });

  it('of rules comes to changes that make the same rules when they are done one after the other', () => {
    const [one, two, three] = draftOf(TEXT).rules;
    if (!one || !two || !three) throw new Error('three rules');
    const fresh = { key: 9, was: null, rule: rule('new', 'medium') };
    const drafts = [[three, one, two], [fresh, three], [{ ...two, rule: rule('two', 'high') }, one], [], [three, fresh, two, one], [one, two, three, fresh]];
    for (const rules of drafts) {
      const done = edits(TEXT, { ...draftOf(TEXT), rules }).reduce<RoutingText['rules']>((all, each) => {
        if (each.edit === 'add_rule') return [...all, each.rule];
        if (each.edit === 'change_rule') return all.map((old, at) => (at === each.at ? each.rule : old));
        if (each.edit === 'move_rule') return moved(all, each.from, each.to);
        if (each.edit === 'remove_rule') return all.filter((_, at) => at !== each.at);
        return all;
      }, TEXT.rules);
      expect(done).toEqual(rules.map((each) => each.rule));
    }
  });

  it('says a rule in words', () => {
    expect(meant({ ...NO_WHEN, client: 'codex', task: 'code_review', tokens_over: 50_000 })).toBe('from codex, code review, over 50,000 tokens');
    expect(meant(NO_WHEN)).toBe('Everything');
  });
});

describe('the routing page', () => {
  it('lists the rules of the file to be read, in their order', async () => {
    await open(sample('usual', NOW), 'routing');
    await settle();
    const rules = [...document.querySelectorAll('[aria-label="Rules"] li')].map((each) => squeezed(each.textContent));
    expect(rules).toHaveLength(2);
    expect(rules[0]).toBe('1 from claude-code, auxiliary work →leads to low');
    expect(main()).toContain('The first that matches decides, before the mode.');
  });

  it('moves links by keys and by buttons, and the focus goes with the link', async () => {
    const backend = await open(sample('usual', NOW), 'routing');
    await click('Edit');
    expect(links('low')).toEqual(['local', 'anthropic/claude-haiku-4-5']);
    const first = document.getElementById('link-low-0');
    first?.focus();
    await press('ArrowDown', { altKey: true });
    expect(links('low')).toEqual(['anthropic/claude-haiku-4-5', 'local']);
    expect(document.activeElement?.id).toBe('link-low-1');
    await press('ArrowDown', { altKey: true });
    expect(links('low'), 'the end is the end').toEqual(['anthropic/claude-haiku-4-5', 'local']);
    await click('Move local up');
    expect(links('low')).toEqual(['local', 'anthropic/claude-haiku-4-5']);
    expect(main()).toContain('Nothing yet.');
    await shown();
    expect(backend.asked, 'a draft that is the file again asks for nothing').toEqual([]);
  });

  it('adds and takes out links, shows the lines first, and writes what was shown', async () => {
    const backend = await open(sample('usual', NOW), 'routing');
    await click('Edit');
    await type('A model for high', 'anthropic/claude-opus-5-5');
    await click('Add to high');
    document.getElementById('link-high-0')?.focus();
    await press('Delete');
    expect(links('high')).toEqual(['openai/gpt-5', 'anthropic/claude-opus-5-5']);
    expect(document.activeElement?.id).toBe('link-high-0');
    await type('A model for high', 'openai/gpt-5');
    expect(button('Add to high').disabled, 'a link stands once in a chain').toBe(true);
    await shown();
    const change = '[{"edit":"tier","tier":"high","chain":["openai/gpt-5","anthropic/claude-opus-5-5"]}]';
    expect(backend.asked).toEqual([`show ${change}`]);
    await click('Write it');
    expect(backend.asked.at(-1)).toBe(`write mark ${change}`);
    expect(main()).toContain('Written to /home/someone/.local/share/weir/profiles/work.toml, and in force.');
    expect(document.querySelector('[aria-label="Chain of high"]')).toBeNull();
  });

  it('a link that is dragged to another tier leaves the first', async () => {
    await open(sample('usual', NOW), 'routing');
    await click('Edit');
    const data = new Map<string, string>();
    const transfer = { setData: (kind: string, text: string) => data.set(kind, text), getData: (kind: string) => data.get(kind) ?? '', types: ['text/x-weir-link'], effectAllowed: '' };
    const drag = (what: string, on: Element | null | undefined) => {
      const event = new Event(what, { bubbles: true, cancelable: true });
      Object.assign(event, { dataTransfer: transfer });
      on?.dispatchEvent(event);
    };
    drag('dragstart', document.querySelector('#link-low-1')?.closest('li'));
    drag('dragover', document.querySelector('#link-high-0')?.closest('li'));
    drag('drop', document.querySelector('#link-high-0')?.closest('li'));
    await settle();
    expect(links('low')).toEqual(['local']);
    expect(links('high')).toEqual(['anthropic/claude-haiku-4-5', 'anthropic/claude-sonnet-5-5', 'openai/gpt-5']);
  });

  it('edits rules: a new one, another order, one less', async () => {
    const backend = await open(sample('usual', NOW), 'routing');
    await click('Edit');
    await click('Add a rule');
    await type('Tool', 'codex');
    await type('Task', 'code_review');
    await type('Leads to', 'chain');
    await type('Its links, with commas', 'local, openai/gpt-5-mini');
    await click('Move rule 3 up');
    await click('Take rule 1 out');
    expect(main()).toContain('from codex, code review → local, openai/gpt-5-mini');
    await shown();
    const asked = JSON.parse(backend.asked.at(-1)?.replace('show ', '') ?? '[]');
    expect(asked.map((each: { edit: string }) => each.edit)).toEqual(['remove_rule', 'add_rule', 'move_rule']);
    expect(asked[1].rule).toEqual({ when: { ...NO_WHEN, client: 'codex', task: 'code_review' }, leads: ['local', 'openai/gpt-5-mini'] });
  });

  it('what would not hold is told by its key and cannot be written', async () => {
    const backend = await open(sample('full', NOW), 'routing');
    await click('Edit');
    await click('Take local out');
    await shown();
    expect(main()).toContain('1 problem, so it is not written.');
    expect(main()).toContain('Line 4: tiers.low[0]: no provider is called "olama". Did you mean');
    expect(button('Write it').disabled).toBe(true);
    await click('Discard');
    expect(backend.asked.filter((each) => each.startsWith('write'))).toEqual([]);
  });

  it('a file that was changed meanwhile is not written over, and says so', async () => {
    const backend = await open(sample('usual', NOW), 'routing');
    await click('Edit');
    await click('Take local out');
    await shown();
    backend.fault = { code: 'bad_request', message: 'config.toml was changed meanwhile, so nothing was written. Look at the changes again' };
    await click('Write it');
    expect(main()).toContain('was changed meanwhile, so nothing was written.');
  });
});

describe('the settings', () => {
  it('another port says what goes on, until when, and which tools have to be connected again', async () => {
    const backend = sample('usual', NOW);
    backend.world.change = { notes: ['Weir goes on listening on 9347 and listens on 9400 from its next start'] };
    await open(backend, 'settings');
    await click('Use another port');
    await type('Port', '94000');
    expect(main()).toContain('A port is a number from 0 to 65535');
    await type('Port', '9400');
    await shown();
    expect(main()).toContain('Weir goes on listening on 9347 and listens on 9400 from its next start.');
    expect(main()).toContain('Connected now: Claude Code');
    await click('Write it');
    expect(backend.asked.at(-1)).toBe('write mark [{"edit":"port","port":9400}]');
    expect(main()).toContain('Written to');
    expect(document.getElementById('port-wanted')).toBeNull();
  });

  it('a port that is written and not served yet can be taken back', async () => {
    const backend = sample('usual', NOW);
    backend.world.change = { diff: '-port = 9356\n+   2  port = 9347\n' };
    await open(backend, 'settings');
    await click('Use another port');
    expect(main()).toContain('9356 is written; 9347 is served until Weir starts anew.');
    await shown();
    await click('Write it');
    expect(backend.asked.at(-1)).toBe('write mark [{"edit":"port","port":9347}]');
  });

  it('uses another profile and makes one from what is in use', async () => {
    const backend = await open(sample('usual', NOW), 'settings');
    await click('Use offline');
    expect(main()).toContain('Offline is in force.');
    await type('New profile', 'Private');
    expect(main()).toContain('Small letters, digits, - and _.');
    expect(button('Copy what is in use').disabled).toBe(true);
    await type('New profile', 'private');
    await click('Copy what is in use');
    expect(backend.asked).toEqual(['profileUse offline', 'profileAdd private']);
    button('Use private');
    expect((field('New profile') as HTMLInputElement).value).toBe('');
  });

  it('a profile that does not hold says why, and one that is refused changes nothing', async () => {
    const backend = await open(sample('full', NOW), 'settings');
    expect(main()).toContain('profiles/offline.toml, line 3: tiers.low[0]');
    backend.fault = { code: 'config', message: 'the profile offline does not hold, so nothing was changed:\nprofiles/offline.toml, line 3: x' };
    await click('Use offline');
    expect(main()).toContain('does not hold, so nothing was changed');
    expect(backend.world.profiles.in_use).toBe('work');
  });
});

it('only local models is a switch of the local page, and told on the rail', async () => {
  const backend = sample('usual', NOW);
  if (backend.now.overview) backend.now.overview.status.routing.local_only = true;
  await open(backend, 'local');
  expect(squeezed(document.querySelector('.rail')?.textContent)).toContain('Only local models are in use');
  expect(main()).toContain('Only local models: no request leaves this machine.');
  await click('Only local: on');
  expect(backend.asked).toEqual(['local {"order":"only","on":false}']);
});
