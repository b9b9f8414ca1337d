// Stands between the page and the program, in a frame of its own that the page cannot reach into:
// only the window's own commands pass, each with the arguments it has and no others. What does not
// pass goes on without its arguments, so that the program's own list refuses it by name.
const COMMANDS = {
  view: [],
  pause: ['paused'],
  copy_address: [],
  copy: ['text'],
  retry: [],
  quit: [],
  requests: ['query'],
  request: ['id'],
  summary: ['period'],
  breakdown: ['period', 'by'],
  models: [],
  prices: ['model'],
  route_test: ['body'],
  keys: [],
  key_set: ['provider', 'key'],
  key_remove: ['provider'],
  key_test: ['provider'],
  shadow: ['period'],
  simulate: ['since', 'toml'],
  budgets: [],
  budget_order: ['order'],
  local: [],
  local_order: ['order'],
  tunnel: [],
  tunnel_start: ['host'],
  tunnel_stop: [],
  tunnel_test: [],
  config_shown: [],
  config_check: [],
  doctor: [],
  tools: [],
  clients: [],
  tool_rehearse: ['tool', 'keepLogin'],
  tool_connect: ['tool', 'keepLogin'],
  tool_disconnect: ['tool'],
  tools_restore: [],
  login: [],
  login_set: ['on'],
};
const HEARING = ['plugin:event|listen', 'plugin:event|unlisten'];
/** No page of this window says more than this at once: a pasted request body is the longest. */
const CHARACTERS_MAX = 4 * 1024 * 1024;

function passes(cmd, payload) {
  if (HEARING.includes(cmd)) return true;
  const known = Object.hasOwn(COMMANDS, cmd) ? COMMANDS[cmd] : null;
  if (known === null || typeof payload !== 'object' || payload === null || ArrayBuffer.isView(payload)) return false;
  return Object.keys(payload).every((name) => known.includes(name)) && JSON.stringify(payload).length <= CHARACTERS_MAX;
}

window.__TAURI_ISOLATION_HOOK__ = (message) => (passes(message.cmd, message.payload ?? {}) ? message : { ...message, payload: {} });
