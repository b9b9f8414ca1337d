// Checks the colour tokens of app.css in light and dark: text 4.5:1, marks 3:1 (WCAG 2.2).
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const TEXT = 4.5;
const MARK = 3;
const PAIRS = [
  ...['ground', 'raised', 'sunken'].flatMap((under) =>
    ['ink', 'ink-2', 'accent', 'warm', 'red', 'local'].map((over) => [over, under, TEXT]),
  ),
  ['ink', 'warm-ground', TEXT],
  ['warm-mark', 'warm-ground', MARK],
  ['ink', 'red-ground', TEXT],
  ...['accent-mark', 'warm-mark', 'red-mark', 'focus'].map((over) => [over, 'ground', MARK]),
];

const css = readFileSync(fileURLToPath(new URL('../src/app.css', import.meta.url)), 'utf8');
const [light, dark] = css.split('@media (prefers-color-scheme: dark)').map(tokens);

function tokens(text) {
  const found = text.matchAll(/--([a-z0-9-]+):\s*#([0-9a-f]{6});/g);
  return Object.fromEntries([...found].map(([, name, hex]) => [name, hex]));
}

function luminance(hex) {
  const [r, g, b] = [0, 2, 4].map((i) => {
    const c = parseInt(hex.slice(i, i + 2), 16) / 255;
    return c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * r + 0.7152 * g + 0.0722 * b;
}

function ratio(a, b) {
  const [high, low] = [luminance(a), luminance(b)].sort((x, y) => y - x);
  return (high + 0.05) / (low + 0.05);
}

let failed = 0;
let lowest = Infinity;
for (const [theme, set] of [['light', light], ['dark', { ...light, ...dark }]]) {
  for (const [over, under, least] of PAIRS) {
    if (set[over] === undefined || set[under] === undefined) throw new Error(`no token ${over} or ${under}`);
    const found = ratio(set[over], set[under]);
    lowest = Math.min(lowest, found / least);
    if (found >= least) continue;
    failed += 1;
    console.error(`${theme}: --${over} on --${under} is ${found.toFixed(2)}:1, needs ${least}:1`);
  }
}
console.log(`contrast: ${2 * PAIRS.length - failed} pairs hold, ${failed} do not; the tightest is at ${(100 * lowest).toFixed(0)} % of its need`);
process.exit(failed === 0 ? 0 : 1);
