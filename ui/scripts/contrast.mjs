// Checks the colour tokens in light and dark: text 4.5:1 and marks 3:1 (WCAG 2.2), and that the
// eight chart colours stay apart under three colour-vision deficiencies and in grey.
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const TEXT = 4.5;
const MARK = 3;
/** The least distance (CIE 1976) between two chart colours, however they are seen. */
const APART = 20;
/** The least difference in lightness, which is all that grey leaves. */
const APART_IN_GREY = 4;
const CHART = ['c1', 'c2', 'c3', 'c4', 'c5', 'c6', 'c7', 'c8'];
const GROUNDS = ['ground', 'raised', 'sunken'];
const PAIRS = [
  ...[...GROUNDS, 'accent-ground'].flatMap((under) =>
    ['ink', 'ink-2', 'accent', 'warm', 'red', 'local'].map((over) => [over, under, TEXT]),
  ),
  ...['warm-ground', 'red-ground'].flatMap((under) => [['ink', under, TEXT], ['ink-2', under, TEXT]]),
  ['warm', 'warm-ground', TEXT],
  ['warm-mark', 'warm-ground', MARK],
  ['red', 'red-ground', TEXT],
  ...['accent-mark', 'warm-mark', 'red-mark', 'local-mark', 'focus', ...CHART].map((over) => [over, 'ground', MARK]),
];
// Machado, Oliveira, Fernandes 2009, at full severity; on linear light.
const EYES = {
  usual: [1, 0, 0, 0, 1, 0, 0, 0, 1],
  protanopia: [0.152286, 1.052583, -0.204868, 0.114503, 0.786281, 0.099216, -0.003882, -0.048116, 1.051998],
  deuteranopia: [0.367322, 0.860646, -0.227968, 0.280085, 0.672501, 0.047413, -0.01182, 0.04294, 0.968881],
  tritanopia: [1.255528, -0.076749, -0.178779, -0.078411, 0.930809, 0.147602, 0.004733, 0.691367, 0.3039],
};

const css = readFileSync(fileURLToPath(new URL('../src/tokens.css', import.meta.url)), 'utf8');
const [light, dark] = css.split('@media (prefers-color-scheme: dark)').map(tokens);

function tokens(text) {
  const found = text.matchAll(/--([a-z0-9-]+):\s*#([0-9a-f]{6});/g);
  return Object.fromEntries([...found].map(([, name, hex]) => [name, hex]));
}

function linear(hex) {
  return [0, 2, 4].map((i) => {
    const c = parseInt(hex.slice(i, i + 2), 16) / 255;
    return c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4;
  });
}

function luminance([r, g, b]) {
  return 0.2126 * r + 0.7152 * g + 0.0722 * b;
}

function ratio(a, b) {
  const [high, low] = [luminance(linear(a)), luminance(linear(b))].sort((x, y) => y - x);
  return (high + 0.05) / (low + 0.05);
}

function lab([r, g, b]) {
  const f = (t) => (t > (6 / 29) ** 3 ? Math.cbrt(t) : t / (3 * (6 / 29) ** 2) + 4 / 29);
  const x = f((0.4124 * r + 0.3576 * g + 0.1805 * b) / 0.95047);
  const y = f(luminance([r, g, b]));
  const z = f((0.0193 * r + 0.1192 * g + 0.9505 * b) / 1.08883);
  return [116 * y - 16, 500 * (x - y), 200 * (y - z)];
}

function seen(rgb, m) {
  const clip = (v) => Math.min(1, Math.max(0, v));
  return [0, 3, 6].map((i) => clip(m[i] * rgb[0] + m[i + 1] * rgb[1] + m[i + 2] * rgb[2]));
}

const faults = [];
let lowest = Infinity;
let nearest = Infinity;
for (const [theme, set] of [['light', light], ['dark', { ...light, ...dark }]]) {
  for (const [over, under, least] of PAIRS) {
    if (set[over] === undefined || set[under] === undefined) throw new Error(`no token ${over} or ${under}`);
    const found = ratio(set[over], set[under]);
    lowest = Math.min(lowest, found / least);
    if (found < least) faults.push(`${theme}: --${over} on --${under} is ${found.toFixed(2)}:1, needs ${least}:1`);
  }
  for (const [eye, matrix] of Object.entries(EYES)) {
    const labs = CHART.map((name) => lab(seen(linear(set[name]), matrix)));
    labs.forEach((a, i) =>
      labs.slice(0, i).forEach((b, j) => {
        const distance = Math.hypot(a[0] - b[0], a[1] - b[1], a[2] - b[2]);
        nearest = Math.min(nearest, distance);
        if (distance < APART) faults.push(`${theme}, ${eye}: --${CHART[i]} and --${CHART[j]} are ${distance.toFixed(1)} apart, need ${APART}`);
        if (eye === 'usual' && Math.abs(a[0] - b[0]) < APART_IN_GREY)
          faults.push(`${theme}, in grey: --${CHART[i]} and --${CHART[j]} are as light as each other`);
      }),
    );
  }
}
for (const fault of faults) console.error(fault);
console.log(
  `colours: ${2 * PAIRS.length} pairs checked, the tightest at ${(100 * lowest).toFixed(0)} % of its need; chart colours at least ${nearest.toFixed(1)} apart`,
);
process.exit(faults.length === 0 ? 0 : 1);
