// Stands between the page and the program, in a frame of its own that the page cannot reach into. Only
// the window's own commands pass, each with the arguments it has, of the kind they have, and no others.
const text = (given) => typeof given === 'string';
const count = (given) => Number.isInteger(given) && given >= 0;
const flag = (given) => typeof given === 'boolean';
const list = (given) => Array.isArray(given);
const form = (given) => typeof given === 'object' && given !== null && !Array.isArray(given);
const maybe = (kind) => (given) => given === null || kind(given);

const COMMANDS = {
  view: {},
  pause: { paused: flag },
  copy_address: {},
  copy: { text },
  retry: {},
  use_port: { port: count },
  hide: {},
  restore_and_quit: {},
  quit: {},
  requests: { query: form },
  request: { id: text },
  summary: { period: text },
  breakdown: { period: text, by: text },
  chart: { query: form },
  models: {},
  prices: { model: text },
  route_test: { body: text },
  keys: {},
  key_set: { provider: text, key: text },
  key_remove: { provider: text },
  key_test: { provider: text },
  shadow: { period: text },
  simulate: { since: maybe(text), toml: text },
  budgets: {},
  budget_order: { order: form },
  profiles: {},
  profile_use: { name: text },
  profile_add: { name: text },
  routing_text: {},
  config_edit: { edits: list, of: maybe(text) },
  local: {},
  local_order: { order: form },
  tunnel: {},
  tunnel_start: { host: maybe(text) },
  tunnel_stop: {},
  tunnel_test: {},
  config_shown: {},
  config_check: {},
  doctor: {},
  tools: {},
  clients: {},
  tool_rehearse: { tool: text, keepLogin: flag },
  tool_connect: { tool: text, keepLogin: flag },
  tool_disconnect: { tool: text },
  tools_restore: {},
  histories: {},
  history_import: { source: text, paidByPlan: flag },
  login_set: { on: flag },
};
/** The page hears new views by these; what they say is tauri's own affair. */
const HEARING = ['plugin:event|listen', 'plugin:event|unlisten'];
/** No page of this window says more than this at once: a pasted request body is the longest. */
const CHARACTERS_MAX = 4 * 1024 * 1024;
/** No command is called this, so the program answers that it may not be asked for. */
const REFUSED = 'refused_between_page_and_program';

function passes(cmd, payload) {
  if (HEARING.includes(cmd)) return form(payload);
  if (!text(cmd) || !Object.hasOwn(COMMANDS, cmd) || !form(payload) || ArrayBuffer.isView(payload)) return false;
  const wanted = COMMANDS[cmd];
  const given = Object.keys(payload);
  return (
    given.length === Object.keys(wanted).length &&
    given.every((name) => Object.hasOwn(wanted, name) && wanted[name](payload[name])) &&
    JSON.stringify(payload).length <= CHARACTERS_MAX
  );
}

window.__TAURI_ISOLATION_HOOK__ = (message) =>
  passes(message.cmd, message.payload ?? {}) ? message : { ...message, cmd: REFUSED, payload: {}, options: undefined };
