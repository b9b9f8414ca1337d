// A provider keeps its colour on every page; work on this machine is always the same green-grey.

const FIXED = ['anthropic', 'openai', 'gemini', 'openrouter'];
const OTHERS = 4;

/** The class of a chart's mark for a provider: `c1` to `c8`, or `here` for local ones. */
export function hue(provider: string, local: boolean): string {
  if (local) return 'here';
  const fixed = FIXED.indexOf(provider);
  if (fixed >= 0) return `c${fixed + 1}`;
  let hash = 0;
  for (const character of provider) hash = (hash * 31 + character.charCodeAt(0)) >>> 0;
  return `c${FIXED.length + 1 + (hash % OTHERS)}`;
}
