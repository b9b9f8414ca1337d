// Looks at the built pages in Chromium, under the policy of the real window.
//   node scripts/pages.mjs check          axe, the policy, errors, cut or overflowing text; every state
//   node scripts/pages.mjs scroll         ten thousand requests pulled past: work a frame
//   node scripts/pages.mjs shots [DIR]    a picture of every page, light and dark (docs/screens)
// Build them first: vite build --mode pages. CHROMIUM names the browser where it is not on PATH.
import { execFileSync } from 'node:child_process';
import { mkdirSync, readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { createRequire } from 'node:module';
import { extname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { chromium } from 'playwright-core';

const UI = fileURLToPath(new URL('..', import.meta.url));
const PAGES = ['overview', 'requests', 'routing', 'budgets', 'providers', 'local', 'tools', 'settings'];
const NOW = new Date('2026-11-20T13:20:00Z');
const TYPES = { '.html': 'text/html', '.js': 'text/javascript', '.css': 'text/css' };
const SMALL = { width: 760, height: 520 };
const USUAL = { width: 1000, height: 680 };
const WIDE = { width: 1600, height: 1000 };
/** The usual window at 200 %: half as much room, each of its pixels four. */
const ZOOMED = { width: USUAL.width / 2, height: USUAL.height / 2 };
/** From the smallest window to a wide one, so that nothing is cut between the sizes that are looked at. */
const WIDTHS = Array.from({ length: 25 }, (_, i) => SMALL.width + i * 30);
const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
const policy = JSON.parse(readFileSync(join(UI, '../tauri.conf.json'), 'utf8')).app.security.csp;

function browser() {
  for (const name of [process.env.CHROMIUM, 'chromium', 'chromium-browser', 'google-chrome'].filter(Boolean)) {
    try {
      return execFileSync('sh', ['-c', 'command -v "$0"', name], { encoding: 'utf8' }).trim();
    } catch {
      // The next one, then.
    }
  }
  console.error('Chromium is missing. Install it (Debian: apt-get install chromium) or name it in CHROMIUM.');
  process.exit(1);
}

const server = createServer((request, answer) => {
  const path = new URL(request.url, 'http://x').pathname;
  try {
    const bytes = readFileSync(join(UI, 'dist-pages', path));
    answer.writeHead(200, { 'content-type': TYPES[extname(path)] ?? 'application/octet-stream', 'content-security-policy': policy });
    answer.end(bytes);
  } catch {
    answer.writeHead(404).end();
  }
});
await new Promise((done) => server.listen(0, '127.0.0.1', done));
const base = `http://127.0.0.1:${server.address().port}/test/pages.html`;
const chrome = await chromium.launch({ executablePath: browser(), args: ['--no-sandbox', '--disable-gpu', '--disable-quic'] });

/** Opens a page of a world and hands it on; `said` gathers what the browser complained about. */
async function open({ world, page, theme, size = USUAL, scale = 1 }, use) {
  const context = await chrome.newContext({ viewport: size, colorScheme: theme, deviceScaleFactor: scale, reducedMotion: 'reduce', timezoneId: 'Europe/Berlin', locale: 'en-GB' });
  const tab = await context.newPage();
  const said = [];
  tab.on('console', (line) => line.type() === 'error' && !/favicon/.test(line.location().url) && said.push(line.text()));
  tab.on('pageerror', (problem) => said.push(String(problem)));
  await tab.clock.setFixedTime(NOW);
  await tab.goto(`${base}?world=${world}&page=${page}`);
  await tab.waitForSelector('main', { timeout: 5000 });
  await tab.waitForTimeout(world === 'slow' ? 450 : 80);
  try {
    return await use(tab, said);
  } finally {
    await context.close();
  }
}

/** What is cut, with three dots or without, or pushes the window wide. */
function cut() {
  const faults = [];
  const root = document.scrollingElement;
  // Zoomed far in, the window scrolls down as a page does; sideways never.
  const page = window.innerWidth <= 600;
  if (root.scrollWidth > root.clientWidth || (!page && root.scrollHeight > root.clientHeight)) faults.push('the window itself scrolls');
  for (const element of document.querySelectorAll('main *, .rail *')) {
    if (element.closest('.hidden, svg, pre, textarea, input, select') || element.classList.contains('scroll')) continue;
    const style = getComputedStyle(element);
    const clipped = ['hidden', 'clip'].includes(style.overflowX);
    if (clipped && element.scrollWidth > element.clientWidth + 1) faults.push(`cut: ${element.tagName} ${element.className} "${element.textContent.trim().slice(0, 40)}"`);
  }
  for (const element of document.querySelectorAll('.scroll')) {
    if (element.scrollWidth > element.clientWidth + 1) faults.push(`scrolls sideways: ${element.getAttribute('aria-label')}`);
  }
  for (const button of document.querySelectorAll('button:not(.link)')) {
    if (button.scrollWidth > button.clientWidth + 1) faults.push(`a button's words do not fit: ${button.textContent.trim()}`);
  }
  return faults;
}

/** Steps of a page that are looked at beside its first sight. */
const DEEPER = {
  overview: async (tab) => {
    await tab.locator('.more summary').click();
    await tab.locator('.more img').last().waitFor();
    await tab.locator('.more summary').scrollIntoViewIfNeeded();
  },
  requests: async (tab) => tab.locator('tbody tr[id]').nth(1).click(),
  providers: async (tab) => tab.locator('.bar').nth(2).click(),
  tools: async (tab) => tab.getByLabel('Connect Codex').click(),
  routing: async (tab) => tab.locator('textarea').fill('Why does this test hang now and then?'),
  settings: async (tab) => tab.getByRole('button', { name: 'Check now' }).click(),
  budgets: async (tab) => tab.getByRole('button', { name: 'Add a budget' }).click(),
};

/** What is edited there, with a change that is shown before it is written. */
const EDITED = {
  routing: async (tab) => {
    await tab.getByRole('button', { name: 'Edit', exact: true }).click();
    await tab.getByLabel('Move local down').click();
    await tab.getByLabel('Edit rule 2').click();
  },
  settings: async (tab) => {
    await tab.getByRole('button', { name: 'Use another port' }).click();
    await tab.getByLabel('Port', { exact: true }).fill('9400');
  },
};

/** A budget of which another end is chosen, with the line that changes. */
const CHANGED = async (tab) => {
  await tab.getByRole('button', { name: 'Change', exact: true }).click();
  await tab.getByLabel('and then').selectOption('downgrade');
};

async function check() {
  let looked = 0;
  const faults = [];
  const look = async (what, then) => {
    const name = `${what.world} ${what.page} ${what.theme} ${what.size.width}x${what.size.height}${what.scale === 2 ? ' at 200 %' : ''} ${then === undefined ? '' : then === EDITED[what.page] ? 'edited' : 'opened'}`;
    await open(what, async (tab, said) => {
      if (then) {
        await then(tab);
        await tab.waitForTimeout(400);
      }
      await tab.evaluate(axe);
      const { violations } = await tab.evaluate(() => window.axe.run({ resultTypes: ['violations'] }));
      for (const v of violations) faults.push(`${name}: ${v.id}: ${v.help}: ${v.nodes.map((n) => n.target.join(' ')).slice(0, 3).join(' | ')}`);
      for (const fault of await tab.evaluate(cut)) faults.push(`${name}: ${fault}`);
      // axe itself is put in past the policy; nothing else may be.
      for (const line of said) faults.push(`${name}: ${line}`);
    });
    looked += 1;
  };
  for (const page of PAGES) {
    for (const theme of ['light', 'dark']) {
      await look({ world: 'usual', page, theme, size: USUAL });
      await look({ world: 'full', page, theme, size: SMALL });
      if (DEEPER[page]) await look({ world: 'usual', page, theme, size: theme === 'light' ? SMALL : WIDE }, DEEPER[page]);
      if (EDITED[page]) await look({ world: theme === 'light' ? 'full' : 'usual', page, theme, size: theme === 'light' ? SMALL : WIDE }, EDITED[page]);
    }
    for (const world of ['empty', 'broken', 'offline', 'slow']) await look({ world, page, theme: 'light', size: SMALL });
    await look({ world: 'usual', page, theme: 'light', size: USUAL, scale: 2 });
    await look({ world: 'full', page, theme: 'dark', size: ZOOMED, scale: 2 });
    for (const fault of await between(page)) faults.push(fault);
  }
  await look({ world: 'usual', page: 'budgets', theme: 'light', size: SMALL }, CHANGED);
  await look({ world: 'usual', page: 'requests', theme: 'light', size: USUAL }, DEEPER.requests);
  for (const theme of ['light', 'dark']) await look({ world: 'first', page: 'overview', theme, size: SMALL });
  for (const fault of faults) console.error(fault);
  console.log(`pages: ${looked} looked at, ${faults.length} faults`);
  return faults.length === 0;
}

/** What is cut at any width between, once for each text. */
async function between(page) {
  return open({ world: 'usual', page, theme: 'light', size: SMALL }, async (tab) => {
    const faults = new Map();
    for (const width of WIDTHS) {
      await tab.setViewportSize({ width, height: USUAL.height });
      for (const fault of await tab.evaluate(cut)) if (!faults.has(fault)) faults.set(fault, width);
    }
    return [...faults].map(([fault, width]) => `usual ${page} from ${width} wide: ${fault}`);
  });
}

async function shots(into) {
  mkdirSync(into, { recursive: true });
  for (const theme of ['light', 'dark']) {
    const shot = (name, what, then) =>
      open({ world: 'usual', theme, ...what }, async (tab) => {
        if (then) {
          await then(tab);
          await tab.waitForTimeout(400);
        }
        await tab.screenshot({ path: join(into, `${name}-${theme}.png`) });
      });
    for (const page of PAGES) await shot(page, { page }, ['routing', 'tools', 'providers'].includes(page) ? DEEPER[page] : undefined);
    await shot('request', { page: 'requests' }, DEEPER.requests);
    await shot('routing-edit', { page: 'routing' }, EDITED.routing);
    await shot('first-steps', { world: 'first', page: 'overview' });
    await shot('budget-change', { page: 'budgets' }, CHANGED);
    // The states beside the usual one: nothing yet, a fault, nobody serving, little room, very much of everything.
    for (const page of ['overview', 'budgets']) await shot(`empty-${page}`, { world: 'empty', page });
    await shot('broken-requests', { world: 'broken', page: 'requests' });
    await shot('offline-overview', { world: 'offline', page: 'overview' });
    for (const page of ['overview', 'requests']) await shot(`narrow-${page}`, { page, size: SMALL });
    for (const page of ['overview', 'budgets']) await shot(`full-${page}`, { world: 'full', page });
    await shot('zoomed-overview', { page: 'overview', size: ZOOMED, scale: 2 });
  }
  return true;
}

/** Ten thousand lines pulled past under the wheel: processor time of the page's own thread a frame. */
async function scroll() {
  const FRAMES = 300;
  const PIXELS = 120; // a frame; a quick fling of a wheel
  const FRAME_MS = 1000 / 60;
  return open({ world: 'full', page: 'requests', theme: 'light', size: WIDE }, async (tab) => {
    await tab.getByLabel('Outcome').selectOption('done');
    await tab.waitForFunction(() => Number(document.querySelector('table[role=grid]').getAttribute('aria-rowcount')) > 9_000);
    const tools = await tab.context().newCDPSession(tab);
    await tools.send('Performance.enable', { timeDomain: 'threadTicks' });
    const spent = async () => (await tools.send('Performance.getMetrics')).metrics.find((each) => each.name === 'TaskDuration').value * 1000;
    const before = await spent();
    await tab.evaluate(async ([frames, pixels]) => {
      const box = document.querySelector('.box.scroll');
      for (let i = 0; i < frames; i += 1) {
        box.scrollTop += pixels;
        await new Promise((done) => requestAnimationFrame(done));
      }
    }, [FRAMES, PIXELS]);
    const each = ((await spent()) - before) / FRAMES;
    const lines = await tab.locator('tbody tr[id]').count();
    console.log(`scroll: ${each.toFixed(1)} ms of processor time a frame at ${PIXELS * 60} pixels a second, ${lines} lines drawn`);
    return each < FRAME_MS;
  });
}

/** For looking closer: node scripts/pages.mjs one WORLD PAGE THEME WIDTH HEIGHT SCALE FILE [open|edit] */
async function one([world, page, theme, width, height, scale, file, deeper]) { // deeper: open or edit
  await open({ world, page, theme, size: { width: Number(width), height: Number(height) }, scale: Number(scale) }, async (tab) => {
    if (deeper) {
      await (deeper === 'edit' ? EDITED : DEEPER)[page](tab);
      await tab.waitForTimeout(400);
    }
    await tab.screenshot({ path: file });
  });
  return true;
}

const [what = 'check', ...rest] = process.argv.slice(2);
const good = await (what === 'shots' ? shots(rest[0] ?? join(UI, '../docs/screens')) : what === 'one' ? one(rest) : what === 'scroll' ? scroll() : check());
await chrome.close();
server.close();
process.exit(good ? 0 : 1);
