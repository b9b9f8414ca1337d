// A door for component tests: answers from memory and records what was asked of it.
import type {
  Attempt,
  BudgetOrder,
  BudgetStanding,
  BudgetView,
  Budgets,
  By,
  Chart,
  ChartQuery,
  ClientRow,
  Comparison,
  ConfigChange,
  ConfigEdit,
  ConfigReport,
  CostGroup,
  DaySpend,
  Doctor,
  Explain,
  HistoryFound,
  ImportDone,
  KeyRow,
  KeyTest,
  LocalOrder,
  LocalServer,
  LogQuery,
  LogRow,
  ModelRow,
  Overview,
  PriceRow,
  Profiles,
  ReplayGroup,
  RouteTest,
  RoutingText,
  Span,
  Sums,
  ToolReport,
  ToolRow,
  TunnelStatus,
  WindowView,
} from '../api';
import type { Backend } from './backend';

/** What the program behind a fake door knows. */
export interface World {
  rows: LogRow[];
  lives: Record<string, Partial<Explain>>;
  days: DaySpend[];
  /** Drawings by what they are of; the ground is a part of the name. */
  charts: Record<string, Chart>;
  groups: Partial<Record<By, CostGroup[]>>;
  models: ModelRow[];
  prices: PriceRow[];
  keys: KeyRow[];
  keyTest: Partial<KeyTest>;
  comparison: Comparison;
  budgets: Budgets;
  local: LocalServer[];
  tools: ToolRow[];
  plans: Record<string, ToolReport>;
  clients: ClientRow[];
  histories: HistoryFound[];
  imported: Partial<ImportDone>;
  config: Partial<ConfigReport>;
  doctor: Doctor;
  route: RouteTest;
  profiles: Profiles;
  routing: RoutingText;
  change: Partial<ConfigChange>;
}

const NOTHING: World = {
  rows: [],
  lives: {},
  days: [],
  charts: {},
  groups: {},
  models: [],
  prices: [],
  keys: [],
  keyTest: {},
  comparison: { period: 'week', since: null, config: null, all: replayed('All', 0), tiers: [], tasks: [], conversations: 0, known: [] },
  budgets: { budgets: [], allowances: [] },
  local: [],
  tools: [],
  plans: {},
  clients: [],
  histories: [],
  imported: {},
  config: {},
  doctor: { ok: true, checks: [] },
  route: { task: null, tier: null, judged_tier: null, confidence: null, class: null, deterministic: false, conversation: null, asked_model: null, candidates: [], problem: null },
  profiles: { in_use: 'default', profiles: [{ name: 'default', file: '/home/someone/.local/share/weir/config.toml', in_use: true, problem: null }] },
  routing: { file: '/home/someone/.local/share/weir/config.toml', mode: 'honour', tiers: { low: [], medium: [], high: [] }, rules: [] },
  change: {},
};

export class FakeBackend implements Backend {
  asked: string[] = [];
  /** Charts that were asked for. */
  drawn: ChartQuery[] = [];
  /** When set, every action fails with it. */
  fault: { code: string; message: string } | null = null;
  /** When set, every question fails with it. */
  dark: { code: string; message: string } | null = null;
  /** Questions wait for as long as this is set. */
  hold: Promise<void> | null = null;
  world: World;
  private hears = new Set<(view: WindowView) => void>();

  constructor(
    public now: WindowView,
    world: Partial<World> = {},
  ) {
    this.world = { ...NOTHING, ...world };
  }

  async view(): Promise<WindowView> {
    return this.now;
  }

  async onView(hear: (view: WindowView) => void): Promise<() => void> {
    this.hears.add(hear);
    return () => this.hears.delete(hear);
  }

  /** Shows another view, as the program does when something changed. */
  show(view: WindowView): void {
    this.now = view;
    for (const hear of this.hears) hear(view);
  }

  get listeners(): number {
    return this.hears.size;
  }

  pause = (paused: boolean) => this.did(`pause ${paused}`);
  copyAddress = () => this.did('copyAddress');
  copy = (text: string) => this.did(`copy ${text}`);
  /** The view that comes with the page. */
  came: WindowView | null = null;
  first = (): WindowView | null => this.came;
  retry = () => this.did('retry');
  usePort = (port: number) => this.did(`use port ${port}`);
  hide = () => this.did('hide');
  restoreAndQuit = () => this.did('restoreAndQuit');
  quit = () => this.did('quit');

  requests = (query: LogQuery) =>
    this.told(() => this.world.rows.filter((row) => query.before === null || row.id < query.before).slice(0, query.limit || 20));
  request = (id: string) =>
    this.told(() => {
      const row = this.world.rows.find((each) => each.id === id);
      if (row === undefined) throw { code: 'not_found', message: `the ledger knows no request ${id}` };
      return { ...row, note: null, estimated_because: null, lines: [], ...this.world.lives[id] };
    });
  summary = (period: Span) => this.told(() => ({ period, from: null, to: null, days: this.world.days, ...sums() }));
  breakdown = (period: Span, by: By) => this.told(() => ({ period, from: null, to: null, by, groups: this.world.groups[by] ?? [] }));
  chart = (query: ChartQuery) => this.told(() => (this.drawn.push(query), this.world.charts[chartName(query)] ?? blank(query)));
  models = () => this.told(() => this.world.models);
  prices = (model: string) =>
    this.told(() => ({ model, rows: this.world.prices, table: { source: 'built-in table of 2026-11-18', models: 1234 } }));
  routeTest = (body: string) => this.told(() => (this.asked.push(`route ${body}`), this.world.route));

  keys = () => this.told(() => this.world.keys);
  keySet = async (provider: string, key: string) => {
    await this.did(`keySet ${provider} ${key}`);
    this.setKey(provider, 'ready');
  };
  keyRemove = async (provider: string) => {
    await this.did(`keyRemove ${provider}`);
    this.setKey(provider, 'missing');
  };
  keyTest = async (provider: string) => {
    await this.did(`keyTest ${provider}`);
    return { provider, ok: true, status: 200, message: `${provider} accepts the key`, ms: 312, ...this.world.keyTest };
  };

  shadow = (period: Span) => this.told(() => (this.asked.push(`shadow ${period}`), this.world.comparison));
  simulate = (since: string | null, toml: string) =>
    this.told(() => (this.asked.push(`simulate ${since === null} ${toml}`), { ...this.world.comparison, config: 'the text' }));

  budgets = () => this.told(() => this.world.budgets);
  budgetOrder = async (order: BudgetOrder) => {
    await this.did(`budget ${JSON.stringify(order)}`);
    return { message: `Budget ${order.name} is set`, budget: null };
  };

  profiles = () => this.told(() => this.world.profiles);
  profileUse = async (name: string) => {
    await this.did(`profileUse ${name}`);
    const profiles = this.world.profiles.profiles.map((each) => ({ ...each, in_use: each.name === name }));
    return (this.world.profiles = { in_use: name, profiles });
  };
  profileAdd = async (name: string) => {
    await this.did(`profileAdd ${name}`);
    const made = { name, file: `/home/someone/.local/share/weir/profiles/${name}.toml`, in_use: false, problem: null };
    return (this.world.profiles = { ...this.world.profiles, profiles: [...this.world.profiles.profiles, made] });
  };
  routingText = () => this.told(() => this.world.routing);
  configEdit = async (edits: ConfigEdit[], of: string | null) => {
    await this.did(`${of === null ? 'show' : `write ${of}`} ${JSON.stringify(edits)}`);
    const diff = edits.map((edit) => this.lines(edit)).join('');
    const change = { file: this.world.routing.file, of: 'mark', diff, problems: [], written: false, notes: [], ...this.world.change };
    return { ...change, written: of !== null && change.problems.length === 0 };
  };

  local = () => this.told(() => ({ only: this.now.overview?.status.routing.local_only ?? false, on: this.now.overview?.status.routing.local_on ?? true, models_off: this.now.overview?.status.routing.models_off ?? [], local: this.world.local }));
  localOrder = async (order: LocalOrder) => {
    await this.did(`local ${JSON.stringify(order)}`);
    return { said: 'done', on: true, local: this.world.local };
  };

  tunnel = () => this.told(tunnel);
  tunnelStart = async (host: string | null) => {
    await this.did(`tunnelStart ${host}`);
    const status = tunnel({ on: true, port: 9348, host, base_url: host && `https://${host}/cursor/v1`, left_s: 28_800 });
    return { token: `weir_${'t'.repeat(43)}`, status, warnings: host === null ? ['No public host was named'] : [] };
  };
  tunnelStop = async () => {
    await this.did('tunnelStop');
    return tunnel();
  };
  tunnelTest = async () => {
    await this.did('tunnelTest');
    return { ok: true, url: 'https://weir.example.com/cursor/v1', models: 4, streams: true, span_ms: 900, public: true, message: 'the stream arrives in pieces' };
  };

  configShown = () => this.told(() => ({ file: '/home/someone/.local/share/weir/config.toml', exists: true, toml: '[server]\nport = 9347\n' }));
  configCheck = () =>
    this.told(() => ({ file: this.world.routing.file, ok: true, problems: [], notes: [], ...this.world.config }));
  doctor = () => this.told(() => this.world.doctor);

  tools = () => this.told(() => this.world.tools);
  clients = () => this.told(() => this.world.clients);
  toolRehearse = (tool: string, keepLogin: boolean) => this.told(() => (this.asked.push(`rehearse ${tool} ${keepLogin}`), this.plan(tool)));
  toolConnect = async (tool: string, keepLogin: boolean) => {
    await this.did(`connect ${tool} ${keepLogin}`);
    this.setTool(tool, 'connected');
    return this.plan(tool);
  };
  toolDisconnect = async (tool: string) => {
    await this.did(`disconnect ${tool}`);
    this.setTool(tool, 'not_connected');
    return { ...this.plan(tool), connected: false };
  };
  toolsRestore = async () => {
    await this.did('restore');
    return [];
  };

  histories = () => this.told(() => this.world.histories);
  historyImport = async (source: string, paidByPlan: boolean) => {
    await this.did(`import ${source} ${paidByPlan}`);
    const nothing = { files: 0, added: 0, known: 0, carried: 0, unpriced: 0, recent: 0, skipped: 0, left_out: 0, cost_usd: '0.000000000' };
    return { source, ...nothing, ...this.world.imported };
  };

  loginSet = async (on: boolean) => {
    await this.did(`login ${on}`);
    this.show({ ...this.now, login: on });
  };

  /** The lines of a file that has each key on a line of its own. */
  private lines(edit: ConfigEdit): string {
    const list = (links: string[]) => `[${links.map((link) => JSON.stringify(link)).join(', ')}]`;
    const { tiers, mode } = this.world.routing;
    if (edit.edit === 'tier') return `-${edit.tier} = ${list(tiers[edit.tier as 'low'])}\n+   5  ${edit.tier} = ${list(edit.chain)}\n`;
    if (edit.edit === 'mode') return `-mode = "${mode}"\n+  10  mode = "${edit.mode}"\n`;
    if (edit.edit === 'port') return `-port = ${this.now.overview?.status.port ?? 0}\n+   2  port = ${edit.port}\n`;
    if (edit.edit === 'budget') return budgetLines(edit, this.world.budgets.budgets.find((each) => each.name === edit.name) ?? null);
    if (edit.edit === 'remove_budget') return `-[[budgets]]\n-name = ${JSON.stringify(edit.name)}\n`;
    return `+  14  [[rules]] # ${JSON.stringify(edit)}\n`;
  }

  private plan(tool: string): ToolReport {
    return this.world.plans[tool] ?? { tool, connected: true, unchanged: false, files: [], notes: [], by_hand: [] };
  }

  private setKey(provider: string, state: KeyRow['state']): void {
    this.world.keys = this.world.keys.map((row) => (row.provider === provider ? { ...row, state } : row));
  }

  private setTool(tool: string, state: ToolRow['state']): void {
    this.world.tools = this.world.tools.map((row) => (row.tool === tool ? { ...row, state } : row));
  }

  private async did(what: string): Promise<void> {
    this.asked.push(what);
    if (this.fault !== null) throw this.fault;
  }

  private async told<T>(answer: () => T): Promise<T> {
    if (this.hold !== null) await this.hold;
    if (this.dark !== null) throw this.dark;
    return answer();
  }
}

/** What is named of a budget, each key on a line of its own. */
function budgetLines({ name, period, limit_usd, at_limit }: Extract<ConfigEdit, { edit: 'budget' }>, old: BudgetView | null): string {
  const keys = (by: string | null, limit: string | null, at: string | null) => [
    ...(by === null ? [] : [`period = "${by}"`]),
    ...(limit === null ? [] : [`limit_usd = ${limit.replace(/(\.\d\d)0+$/, '$1')}`]),
    ...(at === null ? [] : [`at_limit = "${at}"`]),
  ];
  const was = old === null ? [] : keys(period && old.period, limit_usd && old.written.limit_usd, at_limit && old.written.at_limit);
  const now = [...(old === null ? ['[[budgets]]', `name = ${JSON.stringify(name)}`] : []), ...keys(period, limit_usd, at_limit)];
  return was.map((line) => `-${line}\n`).join('') + now.map((line, i) => `+ ${String(20 + i).padStart(3)}  ${line}\n`).join('');
}

/** Under which name a world has a chart. */
export function chartName({ kind, by, theme }: ChartQuery): string {
  return kind === 'spend' ? `${kind} ${by} ${theme}` : `${kind} ${theme}`;
}

/** A chart of nothing. */
function blank({ kind, width }: ChartQuery): Chart {
  const svg = `<svg width="${width}" height="40" viewBox="0 0 ${width} 40" xmlns="http://www.w3.org/2000/svg"></svg>`;
  const at = { x: 0, y: 0, width, height: 40 };
  return { kind, title: 'Nothing', alt: 'Nothing in this time.', width, height: 40, svg, plot: at, stops: [], marks: [], series: [], columns: [], rows: [], notes: [] };
}

export function replayed(key: string, requests: number, over: Partial<ReplayGroup> = {}): ReplayGroup {
  const side = { spent_usd: '0.000000000', unpriced_requests: 0, local_requests: 0, local_share: null, switches: 0, estimated_requests: 0 };
  return { key, requests, was: side, would: side, saved_usd: '0.000000000', uncompared_requests: 0, ...over };
}

export function tunnel(over: Partial<TunnelStatus> = {}): TunnelStatus {
  return {
    on: false,
    port: null,
    host: null,
    base_url: null,
    since: null,
    until: null,
    left_s: null,
    models: ['weir-auto', 'weir-low', 'weir-medium', 'weir-high'],
    cap_usd: '5.000000000',
    spent_usd: '0.000000000',
    reserved_usd: '0.000000000',
    resets_at: '2026-11-23T00:00:00.000Z',
    per_minute: 60,
    at_once: 8,
    open: 0,
    requests: 0,
    refused: 0,
    last: null,
    last_refused: null,
    ...over,
  };
}

export function budget(over: Partial<BudgetStanding> = {}): BudgetStanding {
  return {
    name: 'week',
    period: 'week',
    limit_usd: '10.000000000',
    limit_tokens: null,
    spent_usd: '3.800000000',
    reserved_usd: '0.310000000',
    spent_tokens: 0,
    reserved_tokens: 0,
    percent: 38,
    thresholds: [70, 90, 100],
    reached: [],
    resets_at: '2026-11-22T23:00:00.000Z',
    at_limit: 'local',
    origin: 'written',
    counts_all: true,
    step: 'open',
    changed_until: null,
    forecast_usd: '6.100000000',
    over_at: null,
    ...over,
  };
}

export function attempt(over: Partial<Attempt> = {}): Attempt {
  return {
    route: 'anthropic/claude-sonnet-5-5',
    at: new Date().toISOString(),
    outcome: 'ok',
    status: 200,
    reserved_usd: '0.310000000',
    settled_usd: '0.008700000',
    state: 'settled',
    reason: 'asked',
    first_byte_ms: 420,
    total_ms: 3100,
    ...over,
  };
}

export function sums(over: Partial<Sums> = {}): Sums {
  return {
    requests: 0,
    spent_usd: '0.000000000',
    saved_usd: '0.000000000',
    local_requests: 0,
    unpriced_requests: 0,
    estimated_requests: 0,
    tokens: { input: 0, cache_read: 0, cache_write_5m: 0, cache_write_1h: 0, output: 0, reasoning: 0 },
    ...over,
  };
}

export function row(over: Partial<LogRow> = {}): LogRow {
  return {
    id: 'wr_0000000000001',
    at: new Date().toISOString(),
    client: 'claude-code',
    project: null,
    session: null,
    category: null,
    endpoint: 'messages',
    asked_model: 'claude-sonnet-5-5',
    route: 'anthropic/claude-sonnet-5-5',
    task: null,
    tier: null,
    judged_tier: null,
    way_back_usd: null,
    confidence: null,
    reason: 'asked',
    attempts: [],
    outcome: 'ok',
    pricing: 'exact',
    usage: {
      input: 1200,
      cache_read: 0,
      cache_write_5m: 0,
      cache_write_1h: 0,
      output: 340,
      reasoning: 0,
      web_searches: 0,
    },
    cost_usd: '0.008700000',
    saved_usd: null,
    cache: 'off',
    first_byte_ms: 420,
    total_ms: 3100,
    dropped: [],
    local: false,
    demo: false,
    mode: null,
    class: null,
    conversation: null,
    deterministic: null,
    prompt_tokens: null,
    candidates: [],
    expected_usd: null,
    shadow: null,
    summary: 'As asked: claude-sonnet-5-5.',
    ...over,
  };
}

export function overview(over: Partial<Overview> = {}): Overview {
  return {
    mark: 'calm',
    status: {
      running: true,
      pid: 4242,
      port: 9347,
      url: 'http://127.0.0.1:9347',
      version: '0.1.0',
      home: '/home/someone/.local/share/weir',
      uptime_s: 60,
      streams: 0,
      totals: { day: sums(), week: sums(), month: sums() },
      budgets: [],
      allowances: [],
      providers: [],
      local: [],
      routing: { mode: 'honour', local_share: null, tiers: { low: [], medium: [], high: [] }, per_tier: [], paused: false, local_on: true, local_only: false, models_off: [] },
      tunnel: null,
      notices: [],
    },
    requests: [],
    ...over,
  };
}

export function view(over: Partial<WindowView> = {}): WindowView {
  return { overview: overview(), problem: null, port_taken: null, notes: [], tray: true, own_engine: true, login: false, wanted: null, ...over };
}
