// A door for component tests: answers from memory and records what was asked of it.
import type { LogRow, Overview, Sums, WindowView } from '../api';
import type { Backend } from './backend';

export class FakeBackend implements Backend {
  asked: string[] = [];
  /** When set, every action fails with it. */
  fault: { code: string; message: string } | null = null;
  private hears = new Set<(view: WindowView) => void>();

  constructor(public now: WindowView) {}

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
  retry = () => this.did('retry');
  quit = () => this.did('quit');

  private async did(what: string): Promise<void> {
    this.asked.push(what);
    if (this.fault !== null) throw this.fault;
  }
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
      routing: { mode: 'honour', local_share: null, tiers: { low: [], medium: [], high: [] }, paused: false, local_on: true, per_tier: [] },
      tunnel: null,
      notices: [],
    },
    requests: [],
    ...over,
  };
}

export function view(over: Partial<WindowView> = {}): WindowView {
  return { overview: overview(), problem: null, notes: [], tray: true, own_engine: true, ...over };
}
