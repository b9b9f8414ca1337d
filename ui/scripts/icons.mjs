// Makes every icon in icons/ from the mark: `make icons`. The results are committed.
// Owns sizes and colours; the geometry is mark.mjs's.
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Resvg } from '@resvg/resvg-js';
import { drawing, SHAPES, STATES, svg } from './mark.mjs';

const OUT = join(dirname(fileURLToPath(import.meta.url)), '..', '..', 'icons');

// Panels are light or dark and do not say which, so each colour keeps 3:1 against both.
const TRAY_COLOUR = {
  calm: '#17898c',
  near: '#b4770f',
  crest: '#b4770f',
  over: '#d9483b',
  paused: '#808688',
  offline: '#808688',
};
// A panel takes the picture next to its own height; macOS gets the larger ones alone.
const TRAY_SIZES = [16, 22, 44];
const TEMPLATE_SIZES = [22, 44];
// A macOS menu bar tints the alpha channel itself.
const TEMPLATE_COLOUR = '#000000';

const GROUND = '#0d4a50';
const WATER = '#6fd3cb';
const BODY = '#f4fbfa';

/** The application's icon: the mark with its water well below the crest, on a plain ground. */
function appIcon(size) {
  const [body, water] = SHAPES.near;
  return (
    `<svg xmlns="http://www.w3.org/2000/svg" width="${size}" height="${size}" viewBox="0 0 128 128">` +
    `<rect x="6" y="6" width="116" height="116" rx="26" fill="${GROUND}"/>` +
    '<g transform="translate(17 15) scale(4.2)" stroke-linecap="round" stroke-linejoin="round">' +
    `${drawing([body], BODY)}${drawing([water], WATER)}</g></svg>\n`
  );
}

const png = (text, size) =>
  new Resvg(text, { fitTo: { mode: 'width', value: size }, font: { loadSystemFonts: false } })
    .render()
    .asPng();

/** An .ico of PNG entries. */
function ico(images) {
  const head = Buffer.alloc(6 + 16 * images.length);
  head.writeUInt16LE(1, 2);
  head.writeUInt16LE(images.length, 4);
  let offset = head.length;
  images.forEach(({ size, data }, i) => {
    const at = 6 + 16 * i;
    head.writeUInt8(size % 256, at);
    head.writeUInt8(size % 256, at + 1);
    head.writeUInt16LE(1, at + 4);
    head.writeUInt16LE(32, at + 6);
    head.writeUInt32LE(data.length, at + 8);
    head.writeUInt32LE(offset, at + 12);
    offset += data.length;
  });
  return Buffer.concat([head, ...images.map((i) => i.data)]);
}

/** An .icns of PNG entries. */
function icns(images) {
  const kinds = { 32: 'ic11', 64: 'ic12', 128: 'ic07', 256: 'ic08', 512: 'ic09', 1024: 'ic10' };
  const parts = images.map(({ size, data }) => {
    const head = Buffer.alloc(8);
    head.write(kinds[size], 'latin1');
    head.writeUInt32BE(8 + data.length, 4);
    return Buffer.concat([head, data]);
  });
  const head = Buffer.alloc(8);
  head.write('icns', 'latin1');
  head.writeUInt32BE(8 + parts.reduce((sum, p) => sum + p.length, 0), 4);
  return Buffer.concat([head, ...parts]);
}

const put = (name, data) => writeFileSync(join(OUT, name), data);
const app = (size) => ({ size, data: png(appIcon(size), size) });

mkdirSync(join(OUT, 'tray'), { recursive: true });
put('mark.svg', svg('calm', 'currentColor', 128));
put('icon.svg', appIcon(128));
put('32x32.png', app(32).data);
put('128x128.png', app(128).data);
put('128x128@2x.png', app(256).data);
put('icon.png', app(512).data);
put('icon.ico', ico([16, 24, 32, 48, 64, 256].map(app)));
put('icon.icns', icns([32, 64, 128, 256, 512, 1024].map(app)));
for (const state of STATES) {
  for (const size of TRAY_SIZES) put(`tray/${state}-${size}.png`, png(svg(state, TRAY_COLOUR[state]), size));
  for (const size of TEMPLATE_SIZES) put(`tray/${state}-template-${size}.png`, png(svg(state, TEMPLATE_COLOUR), size));
}
// The window draws the same shapes and takes them from here, so that they cannot drift.
writeFileSync(join(OUT, '..', 'ui', 'src', 'parts', 'mark.json'), `${JSON.stringify(SHAPES, null, 2)}\n`);
