// Made-up days of a developer, for the pages as they are looked at: usual, empty, very full, broken.
// Everything follows from its place in a list, so that two runs draw the same.
import charts from './charts.json';
import type { BudgetView, Chart, CostGroup, Explain, HistoryFound, LocalServer, LogRow, ModelRow, Sums, ToolReport, ToolRow, WindowView } from '../src/api';
import { NO_WHEN } from '../src/routing';
import { attempt, budget, FakeBackend, overview, replayed, row, sums, tunnel, view, type World } from '../src/backend/fake';

export type Kind = 'usual' | 'empty' | 'full' | 'broken' | 'offline' | 'slow' | 'first';

const HOUR = 3_600_000;
const CLIENTS = ['claude-code', 'claude-code', 'claude-code', 'codex', 'script', 'opencode'];
const ROUTES = [
  ['anthropic/claude-sonnet-5-5', 'claude-sonnet-5-5', 'high'],
  ['anthropic/claude-haiku-4-5', 'weir-auto', 'medium'],
  ['ollama/qwen2.5-coder:7b', 'weir-auto', 'low'],
  ['openai/gpt-5', 'gpt-5', 'high'],
  ['anthropic/claude-opus-5-5', 'claude-opus-5-5', 'high'],
  ['gemini/gemini-3-flash', 'gemini-3-flash', 'medium'],
] as const;
const TASKS = ['agent_step', 'code_editing', 'extraction', 'debugging', 'code_review', 'summarization', 'classification', 'code_generation'];

const id = (n: number) => `wr_${String(10_000_000 - n).padStart(13, '0')}`;
const dollars = (nanos: number) => `${Math.floor(nanos / 1e9)}.${String(nanos % 1e9).padStart(9, '0')}`;

function request(n: number, nowMs: number): LogRow {
  const [route, asked, tier] = ROUTES[(n * 7 + Math.floor(n / 3)) % ROUTES.length] ?? ROUTES[0];
  const local = route.startsWith('ollama');
  const at = new Date(nowMs - n * 97_000 - (n % 5) * 11_000).toISOString();
  const input = 800 + ((n * 7919) % 21_000);
  const output = 60 + ((n * 104_729) % 2_400);
  const nanos = local ? 0 : input * 3000 + output * 15_000;
  const task = TASKS[(n * 5) % TASKS.length] ?? 'agent_step';
  const outcome = n % 41 === 17 ? 'upstream_error' : n % 57 === 23 ? 'client_gone' : 'ok';
  const total = 900 + ((n * 613) % 14_000);
  const extra = {
    mode: 'tiered',
    class: 'main',
    conversation: '9f3c11d07a52be60',
    deterministic: local,
    prompt_tokens: input,
    candidates: [
      { route, reason: local ? 'deterministic' : 'tier', expected_usd: local ? '0.000000000' : dollars(Math.round(nanos * 1.1)) },
      { route: 'anthropic/claude-sonnet-5-5', reason: 'fallback', expected_usd: dollars(nanos + 12_100_000) },
      { route: 'openai/gpt-5', reason: 'fallback', expected_usd: null },
    ],
    expected_usd: dollars(Math.round(nanos * 1.1)),
    shadow: null,
    summary: local ? `Local: ${task.replace('_', ' ')}, low, sure (0.94). Saved $0.0121 against claude-sonnet-5-5.` : `As asked: ${asked}.`,
  };
  return {
    ...row({
      id: id(n),
      at,
      client: CLIENTS[(n * 11) % CLIENTS.length] ?? 'script',
      project: n % 3 === 0 ? 'weir' : 'site',
      session: `s-${Math.floor(n / 9)}`,
      asked_model: asked,
      route,
      task,
      tier,
      confidence: 0.62 + ((n * 13) % 38) / 100,
      reason: local ? 'deterministic' : asked === 'weir-auto' ? 'tier' : 'asked',
      outcome,
      usage: { input, cache_read: (n * 331) % 48_000, cache_write_5m: 0, cache_write_1h: 0, output, reasoning: 0, web_searches: 0 },
      cost_usd: outcome === 'upstream_error' ? '0.000000000' : dollars(nanos),
      saved_usd: local ? '0.012100000' : null,
      pricing: outcome === 'client_gone' ? 'estimated' : 'exact',
      local,
      total_ms: total,
      first_byte_ms: 300 + ((n * 97) % 900),
      attempts: [
        attempt({ route, at: new Date(Date.parse(at) + 4).toISOString(), outcome, status: outcome === 'upstream_error' ? 429 : 200, settled_usd: dollars(nanos), first_byte_ms: 300 + ((n * 97) % 900), total_ms: total }),
      ],
    }),
    ...(n % 4 === 3 ? {} : extra),
  };
}

function running(nowMs: number): LogRow {
  const at = new Date(nowMs - 4_200).toISOString();
  return row({
    id: id(-1), at, task: 'agent_step', tier: 'high', confidence: 0.94, outcome: null, pricing: null, usage: null, cost_usd: null,
    total_ms: null, first_byte_ms: 610, asked_model: 'claude-opus-5-5', route: 'anthropic/claude-opus-5-5', project: 'weir',
    attempts: [attempt({ route: 'anthropic/claude-opus-5-5', at, outcome: null, status: null, settled_usd: null, state: 'open', total_ms: null })],
  });
}

/** Two attempts, a translation that left things out, and a bill of four lines that add up. */
function rescued(nowMs: number): { row: LogRow; life: Partial<Explain> } {
  const at = new Date(nowMs - 61_000).toISOString();
  const first = request(0, nowMs);
  const told = {
    mode: 'tiered', class: 'main', conversation: '9f3c11d07a52be60', deterministic: false, prompt_tokens: 14_200, expected_usd: '0.052000000', shadow: null,
    candidates: [
      { route: 'anthropic/claude-sonnet-5-5', reason: 'tier', expected_usd: '0.052000000' },
      { route: 'openai/gpt-5', reason: 'fallback', expected_usd: '0.047300000' },
      { route: 'ollama/qwen2.5-coder:7b', reason: 'local-context', expected_usd: '0.000000000' },
    ],
    summary: 'To gpt-5: debugging, high, sure (0.93). What comes before it in the chain failed.',
  };
  return {
    row: {
      ...first, ...told, id: id(0), at, client: 'claude-code', asked_model: 'weir-auto', route: 'openai/gpt-5', task: 'debugging', tier: 'high',
      confidence: 0.93, reason: 'fallback', outcome: 'ok', local: false, saved_usd: null, pricing: 'exact', cost_usd: '0.048906250', first_byte_ms: 1840, total_ms: 9260,
      usage: { input: 2200, cache_read: 12_000, cache_write_5m: 0, cache_write_1h: 0, output: 4100, reasoning: 900, web_searches: 0 },
      dropped: ['sampling:top_k', 'foreign-thinking'],
      attempts: [
        attempt({ at: new Date(Date.parse(at) + 5).toISOString(), outcome: 'upstream_error', status: 529, state: 'void', settled_usd: '0.000000000', reserved_usd: '0.310000000', first_byte_ms: null, total_ms: 730 }),
        attempt({ route: 'openai/gpt-5', at: new Date(Date.parse(at) + 740).toISOString(), reserved_usd: '0.284000000', settled_usd: '0.048906250', reason: 'fallback', first_byte_ms: 1840, total_ms: 9260 }),
      ],
    } as LogRow,
    life: {
      lines: [
        { kind: 'input', model: null, tokens: 2200, cost_usd: '0.002750000' },
        { kind: 'cache_read', model: null, tokens: 12_000, cost_usd: '0.005156250' },
        { kind: 'output', model: null, tokens: 4100, cost_usd: '0.041000000' },
      ],
    },
  };
}

const side = (spent_usd: string, local_share: number, switches: number) => ({ spent_usd, local_share, switches, unpriced_requests: 0, local_requests: 0, estimated_requests: 3 });

const OLLAMA: LocalServer = {
  server: 'ollama', url: 'http://127.0.0.1:11434', state: 'running', kind: 'ollama', version: '0.13.2', reason: null, written: true, can_start: true,
  queue: { running: [{ model: 'qwen2.5-coder:7b', jobs: 1 }], waiting: [{ id: id(3), model: 'llama3.2:3b', position: 1, waited_ms: 3200 }] },
  models: [
    { name: 'qwen2.5-coder:7b', loaded: true, context: 32_768, cloud: false, off: false, context_max: 131_072, size_bytes: 5_100_000_000, capabilities: ['completion', 'tools'] },
    { name: 'llama3.2:3b', loaded: true, context: 4096, cloud: false, off: false, context_max: 131_072, size_bytes: 2_000_000_000, capabilities: ['completion', 'tools'] },
    { name: 'nomic-embed-text', loaded: false, context: null, cloud: false, off: false, context_max: 8192, size_bytes: 274_000_000, capabilities: ['embedding'] },
    { name: 'gpt-oss:120b-cloud', loaded: false, context: null, cloud: true, off: false, context_max: 131_072, size_bytes: null, capabilities: ['completion', 'tools', 'thinking'] },
  ],
};
const LMSTUDIO: LocalServer = { ...OLLAMA, server: 'lmstudio', url: 'http://127.0.0.1:1234/v1', state: 'not_running', kind: 'lmstudio', version: null, models: [], queue: null, written: false, can_start: true };

const TOOLS: ToolRow[] = [
  { tool: 'claude-code', title: 'Claude Code', found: true, program: '/home/someone/.local/bin/claude', state: 'connected', file: '/home/someone/.claude/settings.json', keeps_login: false, port: 9347 },
  { tool: 'codex', title: 'Codex', found: true, program: '/usr/bin/codex', state: 'not_connected', file: '/home/someone/.codex/config.toml', keeps_login: false, port: null },
  { tool: 'opencode', title: 'opencode', found: true, program: '/usr/bin/opencode', state: 'edited', file: '/home/someone/.config/opencode/opencode.json', keeps_login: false, port: 9347 },
  ...(['gemini-cli Gemini CLI', 'aider aider', 'zed Zed', 'continue Continue', 'cline Cline'] as const).map((both) => {
    const [tool = '', ...title] = both.split(' ');
    return { tool, title: title.join(' '), found: false, program: null, state: 'not_connected' as const, file: tool === 'cline' ? null : `/home/someone/.config/${tool}`, keeps_login: false, port: null };
  }),
];
const CODEX_PLAN: ToolReport = {
  tool: 'codex', connected: true, unchanged: false, by_hand: [],
  notes: ['Codex asks for gpt-5 by itself, so that model is metered and goes to openai'],
  files: [{
    path: '/home/someone/.codex/config.toml', what: 'edited', keys: ['model_provider', 'model_providers.weir'], exact: true,
    diff: '-model_provider = "openai"\n+   1  model_provider = "weir"\n+  14  [model_providers.weir]\n+  15  name = "Weir"\n+  16  base_url = "http://127.0.0.1:9347/v1"\n+  17  http_headers = { "x-weir-token" = "weir_…" }\n',
  }],
};

const HISTORIES: HistoryFound[] = [
  { source: 'claude-code', title: 'Claude Code', folder: '/home/someone/.claude/projects', files: 214, since: '2026-07-03T08:12:00.000Z' },
  { source: 'codex', title: 'Codex', folder: '/home/someone/.codex', files: 1, since: null },
];

const price = (input: string, output: string, cached: string | null) => ({ input, cache_read: cached, cache_write_5m: null, cache_write_1h: null, output });
const MODELS: ModelRow[] = [
  ['anthropic', 'claude-opus-5-5', 200_000, price('5', '25', '0.5')],
  ['anthropic', 'claude-sonnet-5-5', 1_000_000, price('3', '15', '0.3')],
  ['anthropic', 'claude-haiku-4-5', 200_000, price('1', '5', '0.1')],
  ['openai', 'gpt-5', 400_000, price('1.25', '10', '0.125')],
  ['openai', 'gpt-5-mini', 400_000, price('0.25', '2', '0.025')],
  ['gemini', 'gemini-3-flash', 1_048_576, price('0.3', '2.5', '0.03')],
  ['openrouter', 'mistralai/devstral', 131_072, null],
].map(([provider, model, context, p]) => ({ id: `${provider}/${model}`, provider, model, context, price: p, local: false, loaded: null, off: false, chain: [] }) as ModelRow)
  .concat(OLLAMA.models.map((m) => ({ id: `ollama/${m.name}`, provider: 'ollama', model: m.name, context: m.context_max, price: null, local: true, loaded: m.loaded, off: m.off, chain: [] })));

function groups(week: Sums): World['groups'] {
  const group = (key: string, spent: string, requests: number, over: Partial<CostGroup> = {}): CostGroup => ({ key, ...sums({ requests, spent_usd: spent }), ...over });
  return {
    provider: [
      group('anthropic', '2.910000000', 388), group('openai', '0.640000000', 92, { estimated_requests: 1 }), group('gemini', '0.250000000', 71),
      group('openrouter', '0.000000000', 2, { unpriced_requests: 2 }), group('ollama', '0.000000000', 347, { local_requests: 347 }),
    ],
    model: ROUTES.map(([route], i) => group(route, dollars(1_400_000_000 - i * 230_000_000), 300 - i * 40, route.startsWith('ollama') ? { local_requests: 300 - i * 40, spent_usd: '0.000000000' } : {})),
    task: TASKS.map((task, i) => group(task, dollars(1_100_000_000 - i * 130_000_000), 210 - i * 20)),
    tier: [group('high', '2.900000000', 300), group('medium', '0.900000000', 250), group('low', '0.004200000', 350)],
    client: [group('claude-code', '3.100000000', 612), group('codex', '0.500000000', 150), group('script', '0.200000000', week.requests - 762)],
  };
}

function busy(kind: Kind, nowMs: number): { view: WindowView; world: Partial<World> } {
  const full = kind === 'full';
  const special = rescued(nowMs);
  const rows = [running(nowMs), special.row, ...Array.from({ length: full ? 10_000 : 180 }, (_, i) => request(i + 1, nowMs))];
  const week = sums({ requests: 900, spent_usd: '3.800000000', saved_usd: '2.100000000', local_requests: 414, estimated_requests: 1, unpriced_requests: 2, tokens: { input: 1_400_000, cache_read: 5_100_000, cache_write_5m: 210_000, cache_write_1h: 0, output: 310_000, reasoning: 40_000 } });
  const totals = {
    day: sums({ requests: 212, spent_usd: '1.240000000', saved_usd: '0.610000000', local_requests: 98, estimated_requests: 1, unpriced_requests: 2, tokens: { ...week.tokens, input: 310_000, cache_read: 980_000, output: 66_000 } }),
    week,
    month: { ...week, tokens: { ...week.tokens, input: 5_900_000, cache_read: 19_400_000, output: 1_210_000 }, local_requests: 1388, saved_usd: '7.940000000', requests: full ? 48_211 : 3120, spent_usd: full ? '1314.020000000' : '14.020000000' },
  };
  const base = overview();
  const providers = [
    { name: 'anthropic', state: 'ready', reason: null },
    { name: 'openai', state: 'ready', reason: null },
    { name: 'gemini', state: 'resting', reason: '3 failures in 5 min, resting until 14:32' },
    { name: 'openrouter', state: 'no_key', reason: 'weir key set openrouter' },
    { name: 'ollama', state: 'ready', reason: null },
    { name: 'lmstudio', state: 'unknown', reason: null },
  ];
  const days = Array.from({ length: 31 }, (_, i) => {
    const date = new Date(nowMs - (30 - i) * 24 * HOUR);
    const quiet = i % 7 >= 5;
    const nanos = quiet ? (i % 7 === 5 ? 40_000_000 : 0) : 300_000_000 + ((i * 7919) % 1000) * 1_400_000;
    return { day: date.toISOString().slice(0, 10), requests: nanos === 0 ? 0 : 40 + ((i * 31) % 220), spent_usd: dollars(nanos) };
  });
  const budgets = [budget({ forecast_usd: '5.790000000' })];
  if (full) {
    budgets.push(budget({ name: 'day', period: 'day', limit_usd: '1.350000000', spent_usd: '1.240000000', reserved_usd: '0.050000000', percent: 91, reached: [70, 90], at_limit: 'downgrade', resets_at: '2026-11-20T23:00:00.000Z', forecast_usd: '1.900000000', over_at: '2026-11-20T15:10:00.000Z' }));
    budgets.push(budget({ name: 'experiments with a very long name that says what it is for', period: 'month', limit_usd: '1300.000000000', spent_usd: '1314.020000000', percent: 101, reached: [70, 90, 100], at_limit: 'block', step: 'stop', counts_all: false, resets_at: '2026-11-30T23:00:00.000Z', forecast_usd: null }));
  }
  const viewed: BudgetView[] = budgets.map((each, i) => ({
    ...each,
    written: { limit_usd: each.limit_usd, limit_tokens: each.limit_tokens, at_limit: each.at_limit },
    scope: i === 2 ? ['project=experiments'] : [],
    history: Array.from({ length: 9 }, (_, n) => ({ from: `2026-09-${String(7 + n).padStart(2, '0')}`, spent_usd: dollars(1_200_000_000 + ((n * 7919) % 100) * 70_000_000), tokens: 40_000 * n })),
  }));
  const shown = view({
    overview: overview({
      mark: full ? 'over' : 'calm',
      requests: rows.slice(0, 60),
      status: {
        ...base.status,
        uptime_s: 93_784, streams: 1, totals, budgets, providers, local: [OLLAMA, LMSTUDIO],
        routing: {
          mode: 'tiered', local_share: 0.46, paused: false, local_on: true, local_only: false, models_off: [],
          per_tier: [
            { tier: 'low', requests: 92, local_share: 0.93, spent_usd: '0.004200000', now: 'ollama/qwen2.5-coder:7b', links: [{ route: 'ollama/qwen2.5-coder:7b', state: 'ready', waiting: 1 }, { route: 'anthropic/claude-haiku-4-5', state: 'ready', waiting: 0 }], problem: null, fix: null },
            { tier: 'medium', requests: 71, local_share: 0, spent_usd: '0.310000000', now: 'anthropic/claude-haiku-4-5', links: [{ route: 'anthropic/claude-haiku-4-5', state: 'ready', waiting: 0 }, { route: 'gemini/gemini-3-flash', state: 'resting', waiting: 0 }], problem: null, fix: null },
            { tier: 'high', requests: 49, local_share: 0, spent_usd: '0.925800000', now: 'anthropic/claude-sonnet-5-5', links: [{ route: 'anthropic/claude-sonnet-5-5', state: 'ready', waiting: 0 }, { route: 'openai/gpt-5', state: 'ready', waiting: 0 }], problem: null, fix: null },
          ],
          tiers: { low: ['local', 'anthropic/claude-haiku-4-5'], medium: ['anthropic/claude-haiku-4-5', 'gemini/gemini-3-flash'], high: ['anthropic/claude-sonnet-5-5', 'openai/gpt-5'] },
        },
        notices: ["2 of today's requests have no known price. See: weir log, weir price show MODEL"],
        tunnel: full ? tunnel({ on: true, port: 9348, host: 'weir.example.com', base_url: 'https://weir.example.com/cursor/v1', left_s: 24_000, requests: 12, refused: 3 }) : null,
      },
    }),
  });
  if (full && shown.overview) {
    shown.overview.status.notices.push(...Array.from({ length: 7 }, (_, i) => `config.toml, line ${i + 3}: this line does not hold, so what was in force before stays in force until it is mended`));
  }
  return {
    view: shown,
    world: {
      rows, lives: { [special.row.id]: special.life }, days, groups: groups(week), models: MODELS,
      comparison: {
        period: 'week', since: null, config: null, conversations: 41, tasks: [],
        known: ['What a request would have cost elsewhere is worked out from its stored usage'],
        all: replayed('', 900, { was: side('3.800000000', 0.46, 0), would: side('2.140000000', 0.61, 88), saved_usd: '1.660000000' }),
        tiers: [
          replayed('low', 350, { was: side('0.410000000', 0.8, 0), would: side('0.004200000', 0.98, 12), saved_usd: '0.405800000' }),
          replayed('medium', 250, { was: side('0.900000000', 0.2, 0), would: side('0.700000000', 0.5, 40), saved_usd: '0.200000000' }),
          replayed('high', 300, { was: side('2.490000000', 0, 0), would: side('1.435800000', 0, 36), saved_usd: '1.054200000' }),
        ],
      },
      budgets: { budgets: viewed, allowances: [{ provider: 'anthropic', window: '5h', percent: 83, resets_at: '2026-11-20T16:00:00.000Z', state: 'near', pace: 'early' }] }, local: [OLLAMA, LMSTUDIO], tools: TOOLS, charts: charts as unknown as Record<string, Chart>,
      prices: [
        { provider: 'anthropic', model: 'claude-sonnet-5-5', context: 1_000_000, from: '2026-02-01', above_tokens: 0, service_tier: null, per_million: price('3', '15', '0.3'), web_search_usd: '0.01', source: 'built-in', current: true },
        { provider: 'anthropic', model: 'claude-sonnet-5-5', context: 1_000_000, from: '2026-02-01', above_tokens: 200_000, service_tier: null, per_million: price('6', '22.5', '0.6'), web_search_usd: '0.01', source: 'built-in', current: true },
      ],
      keys: [
        { provider: 'anthropic', source: 'keychain', state: 'ready', fix: null },
        { provider: 'openai', source: 'env:OPENAI_API_KEY', state: 'ready', fix: null },
        { provider: 'gemini', source: 'keychain', state: 'locked', fix: 'the keychain is locked. Unlock it and try again' },
        { provider: 'openrouter', source: 'keychain', state: 'missing', fix: 'weir key set openrouter' },
        { provider: 'ollama', source: 'none', state: 'not_needed', fix: null },
        { provider: 'lmstudio', source: 'none', state: 'not_needed', fix: null },
      ],
      plans: { codex: CODEX_PLAN },
      profiles: { in_use: 'work', profiles: [
        { name: 'default', file: '/home/someone/.local/share/weir/config.toml', in_use: false, problem: null },
        { name: 'offline', file: '/home/someone/.local/share/weir/profiles/offline.toml', in_use: false, problem: full ? '/home/someone/.local/share/weir/profiles/offline.toml, line 3: tiers.low[0]: no provider is called "olama". Did you mean ollama/qwen3:8b?' : null },
        { name: 'work', file: '/home/someone/.local/share/weir/profiles/work.toml', in_use: true, problem: null },
      ] },
      routing: {
        file: '/home/someone/.local/share/weir/profiles/work.toml', mode: 'tiered',
        tiers: { low: ['local', 'anthropic/claude-haiku-4-5'], medium: ['anthropic/claude-haiku-4-5', 'gemini/gemini-3-flash'], high: ['anthropic/claude-sonnet-5-5', 'openai/gpt-5'] },
        rules: [
          { when: { ...NO_WHEN, client: 'claude-code', class: 'auxiliary' }, leads: ['low'] },
          { when: { ...NO_WHEN, project: 'site', tokens_over: 50_000 }, leads: ['openai/gpt-5', 'anthropic/claude-sonnet-5-5'] },
        ],
      },
      change: full ? { problems: [{ line: 4, message: 'tiers.low[0]: no provider is called "olama". Did you mean ollama/qwen3:8b?' }] } : {},
      clients: [{ name: 'claude-code', created: '2026-11-02T09:00:00.000Z', last_used: new Date(nowMs - 4200).toISOString() }],
      config: full ? { ok: false, problems: [{ line: 12, message: 'tiers.low: "ollama" is no model. Write provider/model' }, { line: 31, message: 'budgets.limit_usd: -2 is no limit. Write an amount above 0' }], notes: [] } : { notes: ['cache.semantic has no effect yet'] },
      doctor: { ok: false, checks: [
        { name: 'home', state: 'ok', found: '/home/someone/.local/share/weir, mode 0700', fix: null },
        { name: 'port', state: 'ok', found: 'listening on 127.0.0.1:9347', fix: null },
        { name: 'key openrouter', state: 'note', found: 'no key is stored', fix: 'weir key set openrouter' },
        { name: 'context llama3.2:3b', state: 'fail', found: 'loaded with a context of 4096 tokens', fix: 'Start Ollama with OLLAMA_CONTEXT_LENGTH=32768' },
      ] },
      route: { task: 'debugging', tier: 'high', judged_tier: null, confidence: 0.93, class: 'main', deterministic: false, problem: null, conversation: null, asked_model: 'weir-auto', candidates: [
        { route: 'anthropic/claude-sonnet-5-5', reason: 'tier', expected_usd: '0.310000000' },
        { route: 'openai/gpt-5', reason: 'fallback', expected_usd: '0.284000000' },
      ] },
    },
  };
}

/** A door onto a made-up world. */
export function sample(kind: Kind, nowMs: number): FakeBackend {
  if (kind === 'offline') {
    return new FakeBackend(view({ overview: null, port_taken: 9347, problem: { code: 'unavailable', message: 'port 9347 is taken by node (pid 4242). Stop it, or use another port: --port N, or port = N under [server] in config.toml' } }), { tools: TOOLS });
  }
  if (kind === 'empty' || kind === 'first') {
    const base = overview();
    const now = view({ overview: { ...base, status: { ...base.status, providers: [{ name: 'anthropic', state: 'no_key', reason: null }], local: [] } } });
    const keys = [{ provider: 'anthropic', source: 'keychain', state: 'missing' as const, fix: 'weir key set anthropic' }, { provider: 'openai', source: 'keychain', state: 'absent' as const, fix: 'no keychain answers on this desktop' }];
    return new FakeBackend(now, kind === 'first' ? { keys, tools: TOOLS.map((t) => ({ ...t, state: 'not_connected' as const })), local: [OLLAMA], plans: { codex: CODEX_PLAN }, histories: HISTORIES, imported: { files: 214, added: 9_812, carried: 12, unpriced: 31, recent: 2, cost_usd: '214.380000000' } } : { keys: keys.slice(0, 1), tools: TOOLS.map((t) => ({ ...t, found: false, state: 'not_connected' as const })) });
  }
  const { view: now, world } = busy(kind, nowMs);
  const backend = new FakeBackend(now, world);
  if (kind === 'broken') backend.dark = { code: 'not_answering', message: 'the engine does not answer. Run: weir status' };
  if (kind === 'slow') backend.hold = new Promise(() => {});
  return backend;
}
