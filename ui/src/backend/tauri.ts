// The real door: tauri's own channel between the window and the program.
import { invoke } from '@tauri-apps/api/core';
import { listen } from '@tauri-apps/api/event';
import type { WindowView } from '../api';
import type { Backend } from './backend';

export const tauri: Backend = {
  view: () => invoke('view'),
  onView: (hear) => listen<WindowView>('view', (event) => hear(event.payload)),
  pause: (paused) => invoke('pause', { paused }),
  copyAddress: () => invoke('copy_address'),
  copy: (text) => invoke('copy', { text }),
  first: () => (globalThis as { __WEIR_VIEW__?: WindowView }).__WEIR_VIEW__ ?? null,
  retry: () => invoke('retry'),
  usePort: (port) => invoke('use_port', { port }),
  hide: () => invoke('hide'),
  restoreAndQuit: () => invoke('restore_and_quit'),
  quit: () => invoke('quit'),

  requests: (query) => invoke('requests', { query }),
  request: (id) => invoke('request', { id }),
  summary: (period) => invoke('summary', { period }),
  breakdown: (period, by) => invoke('breakdown', { period, by }),
  chart: (query) => invoke('chart', { query }),
  models: () => invoke('models'),
  prices: (model) => invoke('prices', { model }),
  routeTest: (body) => invoke('route_test', { body }),

  keys: () => invoke('keys'),
  keySet: (provider, key) => invoke('key_set', { provider, key }),
  keyRemove: (provider) => invoke('key_remove', { provider }),
  keyTest: (provider) => invoke('key_test', { provider }),

  shadow: (period) => invoke('shadow', { period }),
  simulate: (since, toml) => invoke('simulate', { since, toml }),

  budgets: () => invoke('budgets'),
  budgetOrder: (order) => invoke('budget_order', { order }),

  profiles: () => invoke('profiles'),
  profileUse: (name) => invoke('profile_use', { name }),
  profileAdd: (name) => invoke('profile_add', { name }),

  routingText: () => invoke('routing_text'),
  configEdit: (edits, of) => invoke('config_edit', { edits, of }),

  local: () => invoke('local'),
  localOrder: (order) => invoke('local_order', { order }),

  tunnel: () => invoke('tunnel'),
  tunnelStart: (host) => invoke('tunnel_start', { host }),
  tunnelStop: () => invoke('tunnel_stop'),
  tunnelTest: () => invoke('tunnel_test'),

  configShown: () => invoke('config_shown'),
  configCheck: () => invoke('config_check'),
  doctor: () => invoke('doctor'),

  tools: () => invoke('tools'),
  clients: () => invoke('clients'),
  toolRehearse: (tool, keepLogin) => invoke('tool_rehearse', { tool, keepLogin }),
  toolConnect: (tool, keepLogin) => invoke('tool_connect', { tool, keepLogin }),
  toolDisconnect: (tool) => invoke('tool_disconnect', { tool }),
  toolsRestore: () => invoke('tools_restore'),

  histories: () => invoke('histories'),
  historyImport: (source, paidByPlan) => invoke('history_import', { source, paidByPlan }),

  loginSet: (on) => invoke('login_set', { on }),
};
