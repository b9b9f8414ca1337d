// The mark: a weir seen from the side. A still upper level, the step of the weir's body, and what
// flows on. Owns the geometry of every state on a grid of 22; colour is the caller's.
// The upper level is the budget used; the shape alone tells the state.

/** States of the mark, in the order of the tray. */
export const STATES = ['calm', 'near', 'crest', 'over', 'paused', 'offline'];

// How high the upper level stands, in the grid's units from the top.
const LEVEL = { calm: 15.5, near: 12, crest: 8.5, paused: 12, offline: 15.5 };

const BODY = 'M9 4.5C15.2 4.5 13.2 18.6 20.500 19.200V19.500H9Z';
const BODY_UNDER_WATER = 'M9 9.500C13.200 9.500 12.400 19 18.800 19.500H9Z';
const SHEET = 'M1.700 3.600H8.500C15.500 3.600 14.200 13.400 20.300 14';

/**
 * The inside of an SVG of 22 by 22. Everything is drawn in `currentColor`.
 * `id` keeps the mask of one drawing apart from another's on the same page.
 */
export function drawing(state, id = 'm') {
  const level = LEVEL[state];
  const line = (d) => `<path d="${d}" fill="none" stroke="currentColor" stroke-width="2.800"/>`;
  const solid = (d) => `<path d="${d}" fill="currentColor" stroke="currentColor" stroke-width="1"/>`;
  const hollow = (d) => `<path d="${d}" fill="none" stroke="currentColor" stroke-width="1.500"/>`;
  const join = (inside) => `<g stroke-linecap="round" stroke-linejoin="round">${inside}</g>`;
  if (state === 'over') return join(solid(BODY_UNDER_WATER) + line(SHEET));
  if (state === 'offline') {
    return join(hollow('M9 4.500C14.600 4.500 12.800 18.400 19.800 19.200H9Z') +
      `<path d="M1.500 ${level}H5.700" fill="none" stroke="currentColor" stroke-width="1.500"/>`);
  }
  const body = solid(BODY) + line(`M1.700 ${level}H5.600`);
  if (state !== 'paused') return join(body);
  const bar = 'M4 20L18.500 3';
  return join(
    `<mask id="${id}" maskUnits="userSpaceOnUse" x="0" y="0" width="22" height="22">` +
      `<rect width="22" height="22" fill="#fff"/>` +
      `<path d="${bar}" stroke="#000" stroke-width="5.600"/></mask>` +
      `<g mask="url(#${id})">${body}</g>` +
      `<path d="${bar}" fill="none" stroke="currentColor" stroke-width="2.200"/>`,
  );
}

/** One state as a whole SVG file of `size` pixels. */
export function svg(state, colour, size = 22) {
  return (
    `<svg xmlns="http://www.w3.org/2000/svg" width="${size}" height="${size}" viewBox="0 0 22 22" ` +
    `color="${colour}">${drawing(state)}</svg>`
  );
}
