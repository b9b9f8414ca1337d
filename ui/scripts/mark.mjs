// The mark: a weir seen from the side. The water above it, the body of the weir, and, when a budget
// is used up, the water that goes over it.
// Owns the geometry of every state on a grid of 22; colour is the caller's. The height of the water is
// the budget used, so the shape alone tells the state: no two differ by less than four pixels in height
// where the mark is sixteen high.

/** States of the mark, from calm to gone. */
export const STATES = ['calm', 'near', 'crest', 'over', 'paused', 'offline'];

const BODY = 'M9 4.5C15.2 4.5 13.2 18.6 20.5 19.2V19.5H9Z';
const BODY_UNDER_WATER = 'M9 9.5C13.2 9.5 12.4 19 18.8 19.5H9Z';
const SHEET = 'M1.7 3.6H8.5C15.5 3.6 14.2 13.4 20.3 14';
const BAR = 'M4 20L18.5 3';
const MASK_WIDTH = 5.6;

const solid = (d) => ({ d, fill: true, width: 1 });
const line = (d) => ({ d, fill: false, width: 2.8 });
/** The water above the weir, from its level down to the ground, clear of the weir's body. */
const water = (y) => solid(`M1.3 ${y}H5.9V19.5H1.3Z`);
const thin = (d) => ({ d, fill: false, width: 1.5 });

/** The paths of each state, bottom to top. `mask` is a stroke cut out of every `masked` path. */
export const SHAPES = {
  calm: [solid(BODY), water(17.5)],
  near: [solid(BODY), water(10.5)],
  crest: [solid(BODY), water(4.5)],
  over: [solid(BODY_UNDER_WATER), line(SHEET)],
  paused: [
    { ...solid(BODY), masked: true, mask: BAR },
    { ...water(10.5), masked: true },
    { d: BAR, fill: false, width: 2.2 },
  ],
  offline: [thin('M9 4.5C14.6 4.5 12.8 18.4 19.8 19.2H9Z'), thin('M1.6 16.8H5.6V19.2H1.6Z')],
};

/** Some paths as SVG in one colour. */
export function drawing(paths, colour) {
  return paths
    .map((path) => {
      const mask = path.mask
        ? '<mask id="bar" maskUnits="userSpaceOnUse" x="0" y="0" width="22" height="22">' +
          '<rect width="22" height="22" fill="#fff"/>' +
          `<path d="${path.mask}" stroke="#000" stroke-width="${MASK_WIDTH}"/></mask>`
        : '';
      const fill = path.fill ? colour : 'none';
      const cut = path.masked ? ' mask="url(#bar)"' : '';
      return `${mask}<path d="${path.d}" fill="${fill}" stroke="${colour}" stroke-width="${path.width}"${cut}/>`;
    })
    .join('');
}

/** One state as a whole SVG file of `size` pixels. */
export function svg(state, colour, size = 22) {
  return (
    `<svg xmlns="http://www.w3.org/2000/svg" width="${size}" height="${size}" viewBox="0 0 22 22">` +
    `<g stroke-linecap="round" stroke-linejoin="round">${drawing(SHAPES[state], colour)}</g></svg>\n`
  );
}
