// The one door to the program behind the window. Nothing else in ui/ may talk to it.
import type {
  BudgetDone,
  BudgetOrder,
  Budgets,
  By,
  Chart,
  ChartQuery,
  ClientRow,
  Comparison,
  ConfigChange,
  ConfigEdit,
  ConfigReport,
  ConfigShown,
  CostBreakdown,
  CostSummary,
  Doctor,
  Explain,
  HistoryFound,
  ImportDone,
  KeyRow,
  KeyTest,
  LocalDone,
  LocalOrder,
  LocalStatus,
  LogQuery,
  LogRow,
  ModelRow,
  PriceShow,
  Profiles,
  RouteTest,
  RoutingText,
  Span,
  ToolReport,
  ToolRow,
  TunnelStarted,
  TunnelStatus,
  TunnelTest,
  WindowView,
} from '../api';

export interface Backend {
  /** What the window shows now. */
  view(): Promise<WindowView>;
  /** Hears every later view, at most twice a second; call what it returns to stop. */
  onView(hear: (view: WindowView) => void): Promise<() => void>;
  /** Passes everything through to where it asked, or routes again. */
  pause(paused: boolean): Promise<void>;
  /** Puts the proxy's address on the clipboard. */
  copyAddress(): Promise<void>;
  /** Puts a text that the window shows on the clipboard. */
  copy(text: string): Promise<void>;
  /** Tries to start or reach the engine again. */
  /** The view that came with the page; null where it has to ask. */
  first(): WindowView | null;
  retry(): Promise<void>;
  usePort(port: number): Promise<void>;
  /** Closes the window, takes the icon away and goes on serving. */
  hide(): Promise<void>;
  /** Puts every tool back and ends the application; fails and ends nothing when one cannot be. */
  restoreAndQuit(): Promise<void>;
  /** Ends the tray application. */
  quit(): Promise<void>;

  requests(query: LogQuery): Promise<LogRow[]>;
  request(id: string): Promise<Explain>;
  summary(period: Span): Promise<CostSummary>;
  breakdown(period: Span, by: By): Promise<CostBreakdown>;
  /** A drawing of what was spent, with its geometry. */
  chart(query: ChartQuery): Promise<Chart>;
  models(): Promise<ModelRow[]>;
  prices(model: string): Promise<PriceShow>;
  /** Where a body would go, without sending it. */
  routeTest(body: string): Promise<RouteTest>;

  keys(): Promise<KeyRow[]>;
  keySet(provider: string, key: string): Promise<void>;
  keyRemove(provider: string): Promise<void>;
  keyTest(provider: string): Promise<KeyTest>;

  /** What shadow mode would have done in a period. */
  shadow(period: Span): Promise<Comparison>;
  /** What traffic since a moment would have cost under another configuration. */
  simulate(since: string | null, toml: string): Promise<Comparison>;

  budgets(): Promise<Budgets>;
  /** Changes a budget, for good in config.toml or for a time. */
  budgetOrder(order: BudgetOrder): Promise<BudgetDone>;

  /** Every named configuration. */
  profiles(): Promise<Profiles>;
  /** Puts one in force; one that does not hold changes nothing. */
  profileUse(name: string): Promise<Profiles>;
  /** Makes one that begins as a copy of what is in use. */
  profileAdd(name: string): Promise<Profiles>;

  /** Tiers, mode and rules as the file in use has them. */
  routingText(): Promise<RoutingText>;
  /** What changes come to; with the mark of a change that was shown, they are written. */
  configEdit(edits: ConfigEdit[], of: string | null): Promise<ConfigChange>;

  local(): Promise<LocalStatus>;
  /** Answers when it is done, which for a large model takes minutes. */
  localOrder(order: LocalOrder): Promise<LocalDone>;

  tunnel(): Promise<TunnelStatus>;
  tunnelStart(host: string | null): Promise<TunnelStarted>;
  tunnelStop(): Promise<TunnelStatus>;
  tunnelTest(): Promise<TunnelTest>;

  configShown(): Promise<ConfigShown>;
  configCheck(): Promise<ConfigReport>;
  doctor(): Promise<Doctor>;

  /** Every tool and how it stands; needs no engine. */
  tools(): Promise<ToolRow[]>;
  /** Tools that hold a token, and when each last called. */
  clients(): Promise<ClientRow[]>;
  /** What connecting would change; nothing is. */
  toolRehearse(tool: string, keepLogin: boolean): Promise<ToolReport>;
  toolConnect(tool: string, keepLogin: boolean): Promise<ToolReport>;
  toolDisconnect(tool: string): Promise<ToolReport>;
  toolsRestore(): Promise<ToolReport[]>;

  /** The session logs that tools keep on this machine, at a glance. */
  histories(): Promise<HistoryFound[]>;
  /** Takes over what a tool's logs tell of past requests; nothing of them is changed. */
  historyImport(source: string, paidByPlan: boolean): Promise<ImportDone>;

  /** Starts Weir at login, or no longer; the view says whether it does. */
  loginSet(on: boolean): Promise<void>;
}

/** What a failed call says, whatever was thrown. */
export function faultOf(thrown: unknown): string {
  if (typeof thrown === 'object' && thrown !== null && 'message' in thrown) {
    return String(thrown.message);
  }
  return String(thrown);
}
