// Generated from the engine's API. Do not edit; to write it anew:
//   WEIR_WRITE=1 cargo test -p weir-engine typescript

/**
 * A window of a subscription, as its provider's last answer told it.
 */
export type AllowanceView = { 
/**
 * The provider.
 */
provider: string, 
/**
 * `5h`, `7d`.
 */
window: string, 
/**
 * Used, in whole percent.
 */
percent: number, 
/**
 * When it starts anew; null when the provider did not say.
 */
resets_at: string | null, 
/**
 * `open`, `near` or `spent`.
 */
state: string, 
/**
 * `keep`, `early` (simple work goes local) or `spent` (all of it does); `keep` without
 * `[allowances] pace = true`.
 */
pace: string, };

/**
 * Why a call failed.
 */
export type ApiProblem = { 
/**
 * For programs.
 */
code: Code, 
/**
 * For people: one line with the fix.
 */
message: string, };

/**
 * One attempt of a request.
 */
export type Attempt = { 
/**
 * `provider/model`.
 */
route: string, 
/**
 * When it was reserved.
 */
at: string, 
/**
 * How it ended; null while open.
 */
outcome: string | null, 
/**
 * The provider's HTTP status; null when none came.
 */
status: number | null, 
/**
 * What was set aside; null when the price is not known.
 */
reserved_usd: string | null, 
/**
 * What it cost; null while open and when the price is not known.
 */
settled_usd: string | null, 
/**
 * Where it stands.
 */
state: AttemptState, 
/**
 * Why it went there, as the short code of `x-weir-reason`.
 */
reason: string, 
/**
 * Milliseconds from the request's arrival to the first byte of this attempt's answer.
 */
first_byte_ms: number | null, 
/**
 * Milliseconds from the request's arrival to this attempt's end.
 */
total_ms: number | null, };

/**
 * Where an attempt stands.
 */
export type AttemptState = "open" | "settled" | "void" | "orphan";

/**
 * One line of a request's bill.
 */
export type BillLine = { 
/**
 * `input`, `cache_read`, `cache_write_5m`, `cache_write_1h`, `output`, `web_search`.
 */
kind: string, 
/**
 * The model, where it is another than the request's own.
 */
model: string | null, 
/**
 * Units billed.
 */
tokens: number, 
/**
 * What they cost.
 */
cost_usd: string, };

/**
 * What an order came to.
 */
export type BudgetDone = { 
/**
 * One sentence.
 */
message: string, 
/**
 * The budget as it stands now; null when it is gone.
 */
budget: BudgetView | null, };

/**
 * What is done to a budget.
 */
export type BudgetOrder = { "do": "set", 
/**
 * Its name.
 */
name: string, 
/**
 * `day`, `week` or `month`.
 */
period: string | null, 
/**
 * Its limit in dollars.
 */
limit_usd: string | null, 
/**
 * Its limit in tokens.
 */
limit_tokens: number | null, 
/**
 * What it counts.
 */
scope: { [key in string]: string } | null, 
/**
 * Percentages at which the user is told.
 */
thresholds: Array<number> | null, 
/**
 * `notify`, `downgrade`, `local` or `block`.
 */
at_limit: string | null, } | { "do": "remove", 
/**
 * Its name.
 */
name: string, } | { "do": "lift", 
/**
 * Its name.
 */
name: string, 
/**
 * For how long, in seconds; null until its local day ends.
 */
for_s: number | null, 
/**
 * By how much in dollars; null by its own limit.
 */
by_usd: string | null, 
/**
 * By how many tokens; null by its own limit.
 */
by_tokens: number | null, } | { "do": "local", 
/**
 * Its name.
 */
name: string, 
/**
 * For how long, in seconds; null until its local day ends.
 */
for_s: number | null, } | { "do": "end", 
/**
 * Its name.
 */
name: string, };

/**
 * A budget and where it stands.
 */
export type BudgetStanding = { 
/**
 * Its name.
 */
name: string, 
/**
 * `day`, `week` or `month`.
 */
period: string, 
/**
 * Its limit in dollars, with what it is raised by now; null for a budget of tokens.
 */
limit_usd: string | null, 
/**
 * Its limit in tokens; null for a budget of dollars.
 */
limit_tokens: number | null, 
/**
 * Spent in the current window.
 */
spent_usd: string, 
/**
 * Set aside for requests under way.
 */
reserved_usd: string, 
/**
 * Tokens spent in the current window, cached ones included.
 */
spent_tokens: number, 
/**
 * Tokens set aside for requests under way.
 */
reserved_tokens: number, 
/**
 * Spent, in whole percent of the limit, rounded down.
 */
percent: number, 
/**
 * Percentages at which the user is told.
 */
thresholds: Array<number>, 
/**
 * Those already reached.
 */
reached: Array<number>, 
/**
 * When the window ends.
 */
resets_at: string, 
/**
 * `notify`, `downgrade`, `local` or `block`.
 */
at_limit: string, 
/**
 * `written`, `share`, `cap` or `tunnel`.
 */
origin: string, 
/**
 * Whether every request counts in it: it has no scope.
 */
counts_all: boolean, 
/**
 * The step it stands on: `open`, or what it does now that nothing more fits: `cheaper`,
 * `local`, `stop`.
 */
step: string, 
/**
 * Until when its limit is raised, or only local models are used; null when neither.
 */
changed_until: string | null, 
/**
 * What the window comes to at this pace; null before that can be said.
 */
forecast_usd: string | null, 
/**
 * When the limit is passed at this pace; null when it is not.
 */
over_at: string | null, };

/**
 * A budget's terms as they are written, whatever holds for a time.
 */
export type BudgetTerms = { 
/**
 * Its limit in dollars; null for a budget of tokens.
 */
limit_usd: string | null, 
/**
 * Its limit in tokens; null for a budget of dollars.
 */
limit_tokens: number | null, 
/**
 * `notify`, `downgrade`, `local` or `block`.
 */
at_limit: string, };

/**
 * A budget with where it comes from, what it counts and what it came to before.
 */
export type BudgetView = { 
/**
 * What stays when nothing holds for a time any more.
 */
written: BudgetTerms, 
/**
 * What it counts, as `key=value`; empty for everything.
 */
scope: Array<string>, 
/**
 * The windows before this one, oldest first; at most eleven.
 */
history: Array<PastWindow>, 
/**
 * Its name.
 */
name: string, 
/**
 * `day`, `week` or `month`.
 */
period: string, 
/**
 * Its limit in dollars, with what it is raised by now; null for a budget of tokens.
 */
limit_usd: string | null, 
/**
 * Its limit in tokens; null for a budget of dollars.
 */
limit_tokens: number | null, 
/**
 * Spent in the current window.
 */
spent_usd: string, 
/**
 * Set aside for requests under way.
 */
reserved_usd: string, 
/**
 * Tokens spent in the current window, cached ones included.
 */
spent_tokens: number, 
/**
 * Tokens set aside for requests under way.
 */
reserved_tokens: number, 
/**
 * Spent, in whole percent of the limit, rounded down.
 */
percent: number, 
/**
 * Percentages at which the user is told.
 */
thresholds: Array<number>, 
/**
 * Those already reached.
 */
reached: Array<number>, 
/**
 * When the window ends.
 */
resets_at: string, 
/**
 * `notify`, `downgrade`, `local` or `block`.
 */
at_limit: string, 
/**
 * `written`, `share`, `cap` or `tunnel`.
 */
origin: string, 
/**
 * Whether every request counts in it: it has no scope.
 */
counts_all: boolean, 
/**
 * The step it stands on: `open`, or what it does now that nothing more fits: `cheaper`,
 * `local`, `stop`.
 */
step: string, 
/**
 * Until when its limit is raised, or only local models are used; null when neither.
 */
changed_until: string | null, 
/**
 * What the window comes to at this pace; null before that can be said.
 */
forecast_usd: string | null, 
/**
 * When the limit is passed at this pace; null when it is not.
 */
over_at: string | null, };

/**
 * `budget list`.
 */
export type Budgets = { 
/**
 * Every budget in force, shares after the budget they divide.
 */
budgets: Array<BudgetView>, 
/**
 * Every window of a subscription that is known.
 */
allowances: Array<AllowanceView>, };

/**
 * What a breakdown groups by.
 */
export type By = "provider" | "model" | "task" | "tier" | "category" | "client" | "project" | "session" | "day";

/**
 * A drawing with all that is needed to read it without seeing it.
 */
export type Chart = { 
/**
 * What is drawn.
 */
kind: ChartKind, 
/**
 * A short heading.
 */
title: string, 
/**
 * The whole of it in a few sentences, for those who do not see it.
 */
alt: string, 
/**
 * Pixels across.
 */
width: number, 
/**
 * Pixels down.
 */
height: number, 
/**
 * The drawing: SVG without script, link or style sheet.
 */
svg: string, 
/**
 * The field within the axes.
 */
plot: ChartBox, 
/**
 * Where reading stops, from left to right or from above.
 */
stops: Array<ChartStop>, 
/**
 * Every mark.
 */
marks: Array<ChartMark>, 
/**
 * Every colour, in the legend's order.
 */
series: Array<ChartSeries>, 
/**
 * The table's columns.
 */
columns: Array<ChartColumn>, 
/**
 * The table's rows; each has a cell for every column.
 */
rows: Array<Array<string>>, 
/**
 * What must be known to read it right, one sentence each.
 */
notes: Array<string>, };

/**
 * A rectangle in the drawing, in its pixels from the upper left corner.
 */
export type ChartBox = { 
/**
 * Left edge.
 */
x: number, 
/**
 * Upper edge.
 */
y: number, 
/**
 * Width.
 */
width: number, 
/**
 * Height.
 */
height: number, };

/**
 * One column of the table.
 */
export type ChartColumn = { 
/**
 * Its heading.
 */
name: string, 
/**
 * Whether its cells are numbers, which stand to the right.
 */
number: boolean, };

/**
 * What is drawn.
 */
export type ChartKind = "spend" | "local" | "budget" | "tasks" | "latency" | "savings";

/**
 * One mark: a bar, a part of one, a point.
 */
export type ChartMark = { 
/**
 * The stop it belongs to, counted from 0.
 */
stop: number, 
/**
 * The key of its series.
 */
series: string, 
/**
 * The stop's name.
 */
label: string, 
/**
 * Its amount; null where it is none of money.
 */
usd: string | null, 
/**
 * Its requests; null where it does not count them.
 */
requests: number | null, 
/**
 * Its milliseconds; null where it is no time.
 */
ms: number | null, 
/**
 * Its whole percent; null where it is no share.
 */
percent: number | null, 
/**
 * The value as it is shown, with "about" and what is unpriced.
 */
text: string, 
/**
 * Where it is.
 */
at: ChartBox, };

/**
 * A chart that is asked for.
 */
export type ChartQuery = { 
/**
 * What is drawn.
 */
kind: ChartKind, 
/**
 * The time covered; `all` is the last 31 days. A budget has a window of its own.
 */
span: Span, 
/**
 * A whole calendar month instead, as `2026-11`.
 */
month: string | null, 
/**
 * What spend is stacked by: provider, or tier.
 */
by: By, 
/**
 * The budget, where one is drawn.
 */
budget: string | null, 
/**
 * The ground it is drawn for.
 */
theme: Theme, 
/**
 * How wide, in pixels; held between 280 and 1600.
 */
width: number, };

/**
 * One colour of the drawing and what it stands for.
 */
export type ChartSeries = { 
/**
 * Its key: a provider, a tier, `local`.
 */
key: string, 
/**
 * Its name for people.
 */
name: string, 
/**
 * Its colour, as `#18776e`.
 */
colour: string, 
/**
 * Its hatch; null where it is plain.
 */
hatch: Hatch | null, };

/**
 * Where a pointer or the keyboard stops: a day, a task, a model.
 */
export type ChartStop = { 
/**
 * Its name, as `22 Nov`.
 */
label: string, 
/**
 * What is said of it, in one sentence.
 */
text: string, 
/**
 * Where it is.
 */
at: ChartBox, };

/**
 * One check.
 */
export type Check = { 
/**
 * What was checked, in a word or two: `home`, `port`, `key anthropic`.
 */
name: string, 
/**
 * How it came out.
 */
state: CheckState, 
/**
 * What was found, in one line.
 */
found: string, 
/**
 * What to do, in one line; null when there is nothing to do.
 */
fix: string | null, };

/**
 * How a check came out.
 */
export type CheckState = "ok" | "note" | "fail";

/**
 * `client add`: the only time the token is shown.
 */
export type ClientAdded = { 
/**
 * The tool.
 */
name: string, 
/**
 * Its token.
 */
token: string, };

/**
 * A tool that may call.
 */
export type ClientRow = { 
/**
 * Its name.
 */
name: string, 
/**
 * When its token was made.
 */
created: string, 
/**
 * When it last called; null for never.
 */
last_used: string | null, };

/**
 * What kind of problem it is.
 */
export type Code = "bad_request" | "not_found" | "exists" | "unpriced" | "config" | "key" | "ledger" | "unreachable" | "not_running" | "not_answering" | "denied" | "unavailable" | "internal";

/**
 * `simulate`, and `cost shadow`.
 */
export type Comparison = { 
/**
 * The time covered, where a calendar period was asked for.
 */
period: Span | null, 
/**
 * From when on requests were looked at; null for all there are.
 */
since: string | null, 
/**
 * The configuration; null for the plans that shadow mode stored.
 */
config: string | null, 
/**
 * All of them.
 */
all: ReplayGroup, 
/**
 * By tier.
 */
tiers: Array<ReplayGroup>, 
/**
 * By task.
 */
tasks: Array<ReplayGroup>, 
/**
 * Conversations of more than one request.
 */
conversations: number, 
/**
 * How it is known, a sentence each.
 */
known: Array<string>, };

/**
 * What changes come to.
 */
export type ConfigChange = { 
/**
 * The file.
 */
file: string, 
/**
 * What tells the text that was edited from a later one; writing asks for it.
 */
of: string, 
/**
 * The lines that change, `-` before and `+` after.
 */
diff: string, 
/**
 * Everything that would be wrong; nothing is written then.
 */
problems: Array<ConfigProblem>, 
/**
 * Whether it is written and in force.
 */
written: boolean, 
/**
 * What the user should know, one sentence each.
 */
notes: Array<string>, };

/**
 * One change.
 */
export type ConfigEdit = { "edit": "tier", 
/**
 * `low`, `medium` or `high`.
 */
tier: string, 
/**
 * Its links, in the order they are tried.
 */
chain: Array<string>, } | { "edit": "mode", 
/**
 * `honour`, `tiered`, `local-first` or `shadow`.
 */
mode: string, } | { "edit": "add_rule", 
/**
 * The rule.
 */
rule: RuleText, } | { "edit": "change_rule", 
/**
 * Its place, from 0.
 */
at: number, 
/**
 * The rule.
 */
rule: RuleText, } | { "edit": "move_rule", 
/**
 * Its place, from 0.
 */
from: number, 
/**
 * The place it comes to.
 */
to: number, } | { "edit": "remove_rule", 
/**
 * Its place, from 0.
 */
at: number, } | { "edit": "budget", 
/**
 * Its name.
 */
name: string, 
/**
 * `day`, `week` or `month`.
 */
period: string | null, 
/**
 * Its limit in dollars.
 */
limit_usd: string | null, 
/**
 * Its limit in tokens.
 */
limit_tokens: number | null, 
/**
 * `notify`, `downgrade`, `local` or `block`.
 */
at_limit: string | null, } | { "edit": "remove_budget", 
/**
 * Its name.
 */
name: string, } | { "edit": "port", 
/**
 * 0 for any free one.
 */
port: number, };

/**
 * One problem of a configuration file.
 */
export type ConfigProblem = { 
/**
 * The line it is on, from 1; null when it has none.
 */
line: number | null, 
/**
 * What is wrong and how to fix it.
 */
message: string, };

/**
 * `config check`.
 */
export type ConfigReport = { 
/**
 * The file.
 */
file: string, 
/**
 * Whether it holds.
 */
ok: boolean, 
/**
 * Everything that is wrong with it.
 */
problems: Array<ConfigProblem>, 
/**
 * Keys that are understood and have no effect yet, one sentence each.
 */
notes: Array<string>, };

/**
 * `config show`.
 */
export type ConfigShown = { 
/**
 * The file it is read from.
 */
file: string, 
/**
 * Whether the file exists; the defaults alone are in force when not.
 */
exists: boolean, 
/**
 * The configuration in force with every default, as TOML.
 */
toml: string, };

/**
 * `cost breakdown`.
 */
export type CostBreakdown = { 
/**
 * The time covered.
 */
period: Span, 
/**
 * First local day; see `CostSummary`.
 */
from: string | null, 
/**
 * Last local day, included.
 */
to: string | null, 
/**
 * What it is grouped by.
 */
by: By, 
/**
 * Groups: days oldest first, all others the dearest first.
 */
groups: Array<CostGroup>, };

/**
 * One group of a breakdown.
 */
export type CostGroup = { 
/**
 * The group's name; empty where a request carries none.
 */
key: string, 
/**
 * Requests.
 */
requests: number, 
/**
 * What the priced ones cost.
 */
spent_usd: string, 
/**
 * What was saved against the models that were asked for.
 */
saved_usd: string, 
/**
 * Requests answered on the user's own machines.
 */
local_requests: number, 
/**
 * Requests whose price is not known: in `requests`, not in `spent_usd`.
 */
unpriced_requests: number, 
/**
 * Requests whose usage was estimated: in `spent_usd`, which is then "about".
 */
estimated_requests: number, 
/**
 * Tokens.
 */
tokens: Tokens, };

/**
 * `cost summary`.
 */
export type CostSummary = { 
/**
 * The time covered.
 */
period: Span, 
/**
 * First local day, as `2026-11-16`; null when the ledger is empty and `period` is `all`.
 */
from: string | null, 
/**
 * Last local day, included: today.
 */
to: string | null, 
/**
 * Every local day of the period up to today, without gaps, oldest first; at most the last 31.
 */
days: Array<DaySpend>, 
/**
 * Requests.
 */
requests: number, 
/**
 * What the priced ones cost.
 */
spent_usd: string, 
/**
 * What was saved against the models that were asked for.
 */
saved_usd: string, 
/**
 * Requests answered on the user's own machines.
 */
local_requests: number, 
/**
 * Requests whose price is not known: in `requests`, not in `spent_usd`.
 */
unpriced_requests: number, 
/**
 * Requests whose usage was estimated: in `spent_usd`, which is then "about".
 */
estimated_requests: number, 
/**
 * Tokens.
 */
tokens: Tokens, };

/**
 * Spend of one local day.
 */
export type DaySpend = { 
/**
 * The local day, as `2026-11-22`.
 */
day: string, 
/**
 * Requests.
 */
requests: number, 
/**
 * What they cost.
 */
spent_usd: string, };

/**
 * `doctor`.
 */
export type Doctor = { 
/**
 * Whether no check failed.
 */
ok: boolean, 
/**
 * The checks.
 */
checks: Array<Check>, };

/**
 * `explain`.
 */
export type Explain = { 
/**
 * What else there is to know of the decision, a sentence without its full stop; null where there
 * is nothing.
 */
note: string | null, 
/**
 * Why its cost is an estimate although the provider reported the usage, a sentence without its
 * full stop; null where there is no such reason.
 */
estimated_because: string | null, 
/**
 * The bill by kind, recomputed from the stored usage and the price row of that day. May fall
 * short of `cost_usd` where other models, sound, tools of the provider's or the provider's own
 * figure were billed too.
 */
lines: Array<BillLine>, 
/**
 * Its id, as `x-weir-request-id` showed it.
 */
id: string, 
/**
 * When it arrived.
 */
at: string, 
/**
 * The tool that asked.
 */
client: string, 
/**
 * `x-weir-project`.
 */
project: string | null, 
/**
 * `x-weir-session`, or the client's own session id.
 */
session: string | null, 
/**
 * `x-weir-category`.
 */
category: string | null, 
/**
 * What was asked: `messages`, `chat`, `responses`, `embeddings`, `generate`, …
 */
endpoint: string, 
/**
 * The model as the client named it.
 */
asked_model: string, 
/**
 * `provider/model` that answered, or was tried last.
 */
route: string, 
/**
 * The task, when judged.
 */
task: string | null, 
/**
 * The tier, as the request named it, else as it was judged.
 */
tier: string | null, 
/**
 * The tier it was judged to be, where it named one itself; null where it did not.
 */
judged_tier: string | null, 
/**
 * Confidence in the judged task and tier, 0 to 1.
 */
confidence: number | null, 
/**
 * Why it went there, as the short code of `x-weir-reason`.
 */
reason: string, 
/**
 * Attempts in the order they were made.
 */
attempts: Array<Attempt>, 
/**
 * How it ended; null while open.
 */
outcome: string | null, 
/**
 * How its cost is known: `exact`, `estimated` or `unpriced`; null while open.
 */
pricing: string | null, 
/**
 * What it used; null while open.
 */
usage: RequestUsage | null, 
/**
 * What all its attempts cost; null while open and when the price is not known.
 */
cost_usd: string | null, 
/**
 * What was saved against the model asked for; null when not known.
 */
saved_usd: string | null, 
/**
 * `off`, `miss`, `exact`, `schema` or `semantic`.
 */
cache: string, 
/**
 * Milliseconds from arrival to the first byte of the answer.
 */
first_byte_ms: number | null, 
/**
 * Milliseconds from arrival to the end.
 */
total_ms: number | null, 
/**
 * What a translation between dialects had to leave out.
 */
dropped: Array<string>, 
/**
 * Whether it was answered on the user's own machines.
 */
local: boolean, 
/**
 * Whether the demonstration answered: no sum counts it.
 */
demo: boolean, 
/**
 * The mode of routing in force: `honour`, `tiered`, `local-first` or `shadow`. Null, like all
 * below, where nothing was decided, and while the first attempt is open.
 */
mode: string | null, 
/**
 * Which part of a tool's work it is: `main`, `subagent`, `compaction` or `auxiliary`.
 */
class: string | null, 
/**
 * The key of the conversation it belongs to: sixteen hexadecimal digits.
 */
conversation: string | null, 
/**
 * Whether the answer follows from the input by rule.
 */
deterministic: boolean | null, 
/**
 * What the prompt was taken to come to, in tokens.
 */
prompt_tokens: number | null, 
/**
 * Every way that was looked at, in the order in which they would be tried.
 */
candidates: Array<RouteCandidate>, 
/**
 * What the one that answered was expected to cost; `cost_usd` is what it did.
 */
expected_usd: string | null, 
/**
 * In shadow mode, where it would have gone.
 */
shadow: RouteCandidate | null, 
/**
 * Where its conversation stayed beside another way: what coming back was taken to cost.
 */
way_back_usd: string | null, 
/**
 * Where it went, why, and what that came to, in one line for people.
 */
summary: string, };

/**
 * One model on one day.
 */
export type GapDay = { 
/**
 * The UTC day, as `2026-11-22`: providers report by that.
 */
day: string, 
/**
 * The model; empty where the provider does not say.
 */
model: string, 
/**
 * What the ledger has.
 */
ledger_usd: string, 
/**
 * What the provider reports.
 */
reported_usd: string, 
/**
 * Reported without what the ledger has.
 */
gap_usd: string, };

/**
 * What tells a series from another of its colour, also in grey.
 */
export type Hatch = "rising" | "upright" | "level" | "crossed";

/**
 * Session logs that a tool keeps on this machine, at a glance.
 */
export type HistoryFound = { 
/**
 * The tool, as `import` knows it.
 */
source: string, 
/**
 * Its name.
 */
title: string, 
/**
 * The folder.
 */
folder: string, 
/**
 * Log files in it.
 */
files: number, 
/**
 * When the oldest of them begins; null where that cannot be told.
 */
since: string | null, };

/**
 * `import`.
 */
export type ImportDone = { 
/**
 * The tool.
 */
source: string, 
/**
 * Log files that were read.
 */
files: number, 
/**
 * Requests that are new and now in the sums.
 */
added: number, 
/**
 * Requests that were imported before.
 */
known: number, 
/**
 * Requests that Weir carried itself, so that they are in the sums already.
 */
carried: number, 
/**
 * Of those added: without a known price.
 */
unpriced: number, 
/**
 * Requests of the last ten minutes, left to the next import: their answers may still grow.
 */
recent: number, 
/**
 * Lines that could not be read.
 */
skipped: number, 
/**
 * The oldest log files, left out because there are more than are read at once.
 */
left_out: number, 
/**
 * What was added cost, at the list prices of its days.
 */
cost_usd: string, };

/**
 * One provider's key. Never the key itself.
 */
export type KeyRow = { 
/**
 * The provider.
 */
provider: string, 
/**
 * `keychain`, `env:NAME`, `passthrough` or `none`.
 */
source: string, 
/**
 * Whether it can be had.
 */
state: KeyState, 
/**
 * What to do, in one line; null when there is nothing to do.
 */
fix: string | null, };

/**
 * Whether a provider's key can be had.
 */
export type KeyState = "ready" | "missing" | "stored" | "locked" | "absent" | "denied" | "silent" | "foreign" | "moved" | "rejected" | "not_needed";

/**
 * `key test`.
 */
export type KeyTest = { 
/**
 * The provider.
 */
provider: string, 
/**
 * Whether it accepted the key.
 */
ok: boolean, 
/**
 * The provider's HTTP status; null when it was not reached.
 */
status: number | null, 
/**
 * What was found, in one line with the fix.
 */
message: string, 
/**
 * How long it took, in milliseconds.
 */
ms: number, };

/**
 * A link of a tier's chain, as it stands now.
 */
export type LinkNow = { 
/**
 * `provider/model`.
 */
route: string, 
/**
 * The provider's state, as in `providers`; `off` where the model itself is switched off.
 */
state: string, 
/**
 * Requests that wait for its server.
 */
waiting: number, };

/**
 * One event.
 */
export type LiveEvent = { "event": "opened", 
/**
 * The request.
 */
id: string, 
/**
 * 1 for the first attempt.
 */
attempt: number, 
/**
 * When.
 */
at: string, 
/**
 * The tool that asked.
 */
client: string, 
/**
 * The model as the client named it.
 */
asked_model: string, 
/**
 * `provider/model`.
 */
route: string, 
/**
 * Why it goes there.
 */
reason: string, 
/**
 * Whether it stays on the user's own machines.
 */
local: boolean, 
/**
 * Whether the demonstration answers.
 */
demo: boolean, } | { "event": "queued", 
/**
 * The request.
 */
id: string, 
/**
 * `provider/model`.
 */
route: string, 
/**
 * Its place in the line, from 1.
 */
position: number, } | { "event": "closed", 
/**
 * The request.
 */
id: string, 
/**
 * When.
 */
at: string, 
/**
 * How it ended.
 */
outcome: string, 
/**
 * The provider's HTTP status; null when none came.
 */
status: number | null, 
/**
 * `exact`, `estimated` or `unpriced`.
 */
pricing: string, 
/**
 * What it cost; null when the price is not known.
 */
cost_usd: string | null, 
/**
 * What it used; null when not reported.
 */
usage: RequestUsage | null, 
/**
 * Milliseconds to the first byte.
 */
first_byte_ms: number | null, 
/**
 * Milliseconds to the end.
 */
total_ms: number, 
/**
 * Whether it was the request's last attempt.
 */
last: boolean, } | { "event": "changed" } | { "event": "missed", 
/**
 * How many.
 */
events: number, };

/**
 * An order that was carried out.
 */
export type LocalDone = { 
/**
 * What came of it, in one sentence.
 */
said: string, 
/**
 * Whether local models are in use.
 */
on: boolean, 
/**
 * The servers as they stand now.
 */
local: Array<LocalServer>, };

/**
 * Requests that a local server is answering with one model.
 */
export type LocalJobs = { 
/**
 * The model.
 */
model: string, 
/**
 * How many.
 */
jobs: number, };

/**
 * A model on a local server.
 */
export type LocalModel = { 
/**
 * Its name.
 */
name: string, 
/**
 * Whether it is in memory.
 */
loaded: boolean, 
/**
 * The context it was loaded with, in tokens, when known: what a prompt must fit into.
 */
context: number | null, 
/**
 * Whether the local server only forwards it to a cloud.
 */
cloud: boolean, 
/**
 * The longest context it can be loaded with, in tokens, when known.
 */
context_max: number | null, 
/**
 * Its size in bytes, when known.
 */
size_bytes: number | null, 
/**
 * Whether it is switched off: nothing is sent to it.
 */
off: boolean, 
/**
 * What it can do, in its server's words: `completion`, `tools`, `embedding`, `vision` and so
 * on. Empty when the server does not say.
 */
capabilities: Array<string>, };

/**
 * What to do about local models.
 */
export type LocalOrder = { "order": "switch", 
/**
 * Whether they are in use.
 */
on: boolean, } | { "order": "switch_model", 
/**
 * `provider/model`, or a model that one server has.
 */
model: string, 
/**
 * Whether it is in use.
 */
on: boolean, } | { "order": "only", 
/**
 * Whether only local models are in use.
 */
on: boolean, } | { "order": "load", 
/**
 * `provider/model`, or a model that one server has.
 */
model: string, 
/**
 * The context to load it with, in tokens; without it what a coding tool needs, or the server's
 * own choice.
 */
context?: number, } | { "order": "unload", 
/**
 * `provider/model`, or a model that one server has.
 */
model: string, } | { "order": "start", 
/**
 * The provider it is configured as.
 */
server: string, } | { "order": "stop", 
/**
 * The provider it is configured as.
 */
server: string, };

/**
 * The line before a local server.
 */
export type LocalQueue = { 
/**
 * What runs.
 */
running: Array<LocalJobs>, 
/**
 * Who waits, the next first.
 */
waiting: Array<LocalWaiting>, };

/**
 * A local server.
 */
export type LocalServer = { 
/**
 * The provider it is configured as.
 */
server: string, 
/**
 * Its base URL.
 */
url: string, 
/**
 * `running`; `loading` (it answers and is still reading its model); `not_running`; `off` (the
 * application runs, its server does not); `changed` (something answers that is not what it
 * was); `unknown` (nobody has looked).
 */
state: string, 
/**
 * What it offers.
 */
models: Array<LocalModel>, 
/**
 * `ollama`, `lmstudio`, `llamacpp`, `vllm` or `openai-compatible`; null before it answered.
 */
kind: string | null, 
/**
 * Its version, as it says.
 */
version: string | null, 
/**
 * What there is to say about its state, with the fix.
 */
reason: string | null, 
/**
 * Whether the configuration names it.
 */
written: boolean, 
/**
 * Whether Weir has something to start it with: a program of its own, its unit, or a command in
 * the configuration.
 */
can_start: boolean, 
/**
 * The line before it, while something runs or waits there; null otherwise, and for servers
 * that hold one model.
 */
queue: LocalQueue | null, };

/**
 * `local status`.
 */
export type LocalStatus = { 
/**
 * Whether local models are in use.
 */
on: boolean, 
/**
 * Whether nothing else is in use.
 */
only: boolean, 
/**
 * Models that are switched off one by one, as `provider/model`, whether or not their server is
 * there.
 */
models_off: Array<string>, 
/**
 * The servers.
 */
local: Array<LocalServer>, };

/**
 * A request that waits for its place at a local server.
 */
export type LocalWaiting = { 
/**
 * The request.
 */
id: string, 
/**
 * The model it is for.
 */
model: string, 
/**
 * Its place in the line, from 1.
 */
position: number, 
/**
 * How long it has waited, in milliseconds.
 */
waited_ms: number, };

/**
 * Which requests to list.
 */
export type LogQuery = { 
/**
 * Rows at most; held to `LogQuery::ROWS_MAX`. 0 means the default, `LogQuery::ROWS`.
 */
limit: number, 
/**
 * Only requests that arrived at or after this moment.
 */
since: string | null, 
/**
 * Only requests before this one: the next page of a list that runs backwards.
 */
before: string | null, 
/**
 * Only requests after this one: the next page of a list that runs forwards.
 */
after: string | null, 
/**
 * Oldest first; the newest come first otherwise.
 */
oldest_first: boolean, 
/**
 * Also requests that Weir refused itself, where it remembers them: nobody was asked, so the ledger
 * has no row of them. Only in a list that runs backwards.
 */
refused: boolean, };

/**
 * One request.
 */
export type LogRow = { 
/**
 * Its id, as `x-weir-request-id` showed it.
 */
id: string, 
/**
 * When it arrived.
 */
at: string, 
/**
 * The tool that asked.
 */
client: string, 
/**
 * `x-weir-project`.
 */
project: string | null, 
/**
 * `x-weir-session`, or the client's own session id.
 */
session: string | null, 
/**
 * `x-weir-category`.
 */
category: string | null, 
/**
 * What was asked: `messages`, `chat`, `responses`, `embeddings`, `generate`, …
 */
endpoint: string, 
/**
 * The model as the client named it.
 */
asked_model: string, 
/**
 * `provider/model` that answered, or was tried last.
 */
route: string, 
/**
 * The task, when judged.
 */
task: string | null, 
/**
 * The tier, as the request named it, else as it was judged.
 */
tier: string | null, 
/**
 * The tier it was judged to be, where it named one itself; null where it did not.
 */
judged_tier: string | null, 
/**
 * Confidence in the judged task and tier, 0 to 1.
 */
confidence: number | null, 
/**
 * Why it went there, as the short code of `x-weir-reason`.
 */
reason: string, 
/**
 * Attempts in the order they were made.
 */
attempts: Array<Attempt>, 
/**
 * How it ended; null while open.
 */
outcome: string | null, 
/**
 * How its cost is known: `exact`, `estimated` or `unpriced`; null while open.
 */
pricing: string | null, 
/**
 * What it used; null while open.
 */
usage: RequestUsage | null, 
/**
 * What all its attempts cost; null while open and when the price is not known.
 */
cost_usd: string | null, 
/**
 * What was saved against the model asked for; null when not known.
 */
saved_usd: string | null, 
/**
 * `off`, `miss`, `exact`, `schema` or `semantic`.
 */
cache: string, 
/**
 * Milliseconds from arrival to the first byte of the answer.
 */
first_byte_ms: number | null, 
/**
 * Milliseconds from arrival to the end.
 */
total_ms: number | null, 
/**
 * What a translation between dialects had to leave out.
 */
dropped: Array<string>, 
/**
 * Whether it was answered on the user's own machines.
 */
local: boolean, 
/**
 * Whether the demonstration answered: no sum counts it.
 */
demo: boolean, 
/**
 * The mode of routing in force: `honour`, `tiered`, `local-first` or `shadow`. Null, like all
 * below, where nothing was decided, and while the first attempt is open.
 */
mode: string | null, 
/**
 * Which part of a tool's work it is: `main`, `subagent`, `compaction` or `auxiliary`.
 */
class: string | null, 
/**
 * The key of the conversation it belongs to: sixteen hexadecimal digits.
 */
conversation: string | null, 
/**
 * Whether the answer follows from the input by rule.
 */
deterministic: boolean | null, 
/**
 * What the prompt was taken to come to, in tokens.
 */
prompt_tokens: number | null, 
/**
 * Every way that was looked at, in the order in which they would be tried.
 */
candidates: Array<RouteCandidate>, 
/**
 * What the one that answered was expected to cost; `cost_usd` is what it did.
 */
expected_usd: string | null, 
/**
 * In shadow mode, where it would have gone.
 */
shadow: RouteCandidate | null, 
/**
 * Where its conversation stayed beside another way: what coming back was taken to cost.
 */
way_back_usd: string | null, 
/**
 * Where it went, why, and what that came to, in one line for people.
 */
summary: string, };

/**
 * The state the mark shows: how high the water stands against the fullest budget's crest.
 */
export type Mark = "calm" | "near" | "crest" | "over" | "paused" | "offline";

/**
 * A model that can be asked for.
 */
export type ModelRow = { 
/**
 * What to ask for: `provider/model`, or `weir-auto` and its kin.
 */
id: string, 
/**
 * The provider; null for Weir's own names.
 */
provider: string | null, 
/**
 * The model as the provider knows it.
 */
model: string, 
/**
 * Its context window in tokens, when known.
 */
context: number | null, 
/**
 * Its price today, when known. Null is "not known", never "free".
 */
price: PerMillion | null, 
/**
 * Whether it runs on the user's own machines.
 */
local: boolean, 
/**
 * Whether it is in a local server's memory; null for others and when not known.
 */
loaded: boolean | null, 
/**
 * Whether it is a local model that is switched off: nothing is sent to it.
 */
off: boolean, 
/**
 * Where Weir's own names lead, as `provider/model`; empty for others.
 */
chain: Array<string>, };

/**
 * The overview: totals, what needs attention, and the last requests with those under way.
 */
export type Overview = { 
/**
 * The state the mark shows.
 */
mark: Mark, 
/**
 * The engine, spend, budgets, providers.
 */
status: Status, 
/**
 * The last requests, newest first; at most `Overview::ROWS`.
 */
requests: Array<LogRow>, };

/**
 * What one past window of a budget came to.
 */
export type PastWindow = { 
/**
 * Its first local day, as `2026-11-16`.
 */
from: string, 
/**
 * What was spent in it.
 */
spent_usd: string, 
/**
 * Its tokens.
 */
tokens: number, };

/**
 * Dollars per million tokens by kind. Null where the source has no rate.
 */
export type PerMillion = { 
/**
 * Uncached prompt tokens.
 */
input: string | null, 
/**
 * Cached prompt tokens read.
 */
cache_read: string | null, 
/**
 * Prompt tokens written to a short-lived cache.
 */
cache_write_5m: string | null, 
/**
 * Prompt tokens written to an hour-long cache.
 */
cache_write_1h: string | null, 
/**
 * Completion tokens.
 */
output: string | null, };

/**
 * `price cost`. A model without a price is a problem with code `unpriced`, never a zero.
 */
export type PriceCost = { 
/**
 * The name asked for.
 */
model: string, 
/**
 * The moment the price is of.
 */
at: string, 
/**
 * The sum of the lines, in nano-dollars.
 */
nano_usd: number, 
/**
 * The lines.
 */
lines: Array<PriceLine>, 
/**
 * The provider whose price it is.
 */
provider: string, };

/**
 * One line of `price cost`.
 */
export type PriceLine = { 
/**
 * `input`, `cache_read`, `cache_write_5m`, `cache_write_1h`, `output` or `web_search`.
 */
kind: string, 
/**
 * Units billed.
 */
tokens: number, 
/**
 * What they cost in nano-dollars.
 */
nano_usd: number, };

/**
 * One price row.
 */
export type PriceRow = { 
/**
 * The provider as the price table names it.
 */
provider: string, 
/**
 * The model as the price table names it.
 */
model: string, 
/**
 * Its context window in tokens, when known.
 */
context: number | null, 
/**
 * First day the row holds, as `2026-01-31`; null for always.
 */
from: string | null, 
/**
 * The row holds for prompts above this many tokens; 0 for all.
 */
above_tokens: number, 
/**
 * The service tier or speed it is for; null for the standard one.
 */
service_tier: string | null, 
/**
 * The rates.
 */
per_million: PerMillion, 
/**
 * One web search; null where the source has no rate.
 */
web_search_usd: string | null, 
/**
 * Where the row comes from: the built-in table, a newer one, or the user's own file.
 */
source: string, 
/**
 * Whether it is the row in force now.
 */
current: boolean, };

/**
 * `price show`.
 */
export type PriceShow = { 
/**
 * The name asked for.
 */
model: string, 
/**
 * The rows found: one a provider, date, band and tier.
 */
rows: Array<PriceRow>, 
/**
 * The table.
 */
table: PriceTable, };

/**
 * The table rows come from.
 */
export type PriceTable = { 
/**
 * Where it comes from, with its version or date.
 */
source: string, 
/**
 * Models in it.
 */
models: number, };

/**
 * `price update`.
 */
export type PriceUpdate = { 
/**
 * The table now in force.
 */
table: PriceTable, 
/**
 * Models the table before it did not have.
 */
added: number, 
/**
 * Models whose price differs.
 */
changed: number, 
/**
 * Models it no longer has.
 */
removed: number, };

/**
 * A named configuration.
 */
export type ProfileRow = { 
/**
 * Its name; `default` is config.toml.
 */
name: string, 
/**
 * Its file.
 */
file: string, 
/**
 * Whether it is in use.
 */
in_use: boolean, 
/**
 * Why it cannot be used, a line a problem; null when it can.
 */
problem: string | null, };

/**
 * `profile list`.
 */
export type Profiles = { 
/**
 * The one in use.
 */
in_use: string, 
/**
 * Every profile, `default` first.
 */
profiles: Array<ProfileRow>, };

/**
 * Whether a provider can be used.
 */
export type ProviderHealth = { 
/**
 * Its name.
 */
name: string, 
/**
 * `ready`, `failing`, `resting`, `no_key`, `key_locked`, `key_absent`, `key_denied`,
 * `key_silent`, `key_foreign`, `key_moved`, `key_rejected`, `unknown`, `demo`; a local one also as its server is.
 */
state: string, 
/**
 * Why, in one line with the fix; null when there is nothing to say.
 */
reason: string | null, };

/**
 * `reconcile`.
 */
export type Reconciled = { 
/**
 * The provider.
 */
provider: string, 
/**
 * The month, as `2026-11`.
 */
month: string, 
/**
 * The first UTC day that was compared, as `2026-11-01`.
 */
from: string, 
/**
 * The last, included: the month's, or the last that the provider's report has.
 */
to: string, 
/**
 * Whether those are the month's own.
 */
whole_month: boolean, 
/**
 * By day and model, in order.
 */
days: Array<GapDay>, 
/**
 * Requests of the ledger without a known price: they are in no sum.
 */
unpriced_requests: number, 
/**
 * What the ledger has.
 */
ledger_usd: string, 
/**
 * What the provider reports.
 */
reported_usd: string, 
/**
 * Reported without what the ledger has.
 */
gap_usd: string, };

/**
 * One line of a comparison.
 */
export type ReplayGroup = { 
/**
 * The tier or task; empty where a request was not judged.
 */
key: string, 
/**
 * Requests.
 */
requests: number, 
/**
 * As it was.
 */
was: ReplaySide, 
/**
 * As it would have been.
 */
would: ReplaySide, 
/**
 * What would have been saved by the requests that have a known price on both sides; below zero
 * where they would have cost more.
 */
saved_usd: string, 
/**
 * Requests without a known price on one side or the other: in no saving.
 */
uncompared_requests: number, };

/**
 * One side of a comparison.
 */
export type ReplaySide = { 
/**
 * What the priced requests cost.
 */
spent_usd: string, 
/**
 * Requests without a known price: in no sum.
 */
unpriced_requests: number, 
/**
 * Requests on the user's own machines.
 */
local_requests: number, 
/**
 * Their share, 0 to 1; null without requests.
 */
local_share: number | null, 
/**
 * Times a conversation went on at another model than before.
 */
switches: number, 
/**
 * Requests whose cost is worked out instead of settled.
 */
estimated_requests: number, };

/**
 * A month.
 */
export type Report = { 
/**
 * The month, as `2026-11`.
 */
month: string, 
/**
 * Its first local day.
 */
from: string, 
/**
 * The last local day it tells of: its last, or today.
 */
to: string, 
/**
 * Whether it is over.
 */
over: boolean, 
/**
 * By provider, model, task and tool.
 */
parts: Array<ReportPart>, 
/**
 * Its budgets.
 */
budgets: Array<ReportBudget>, 
/**
 * Requests.
 */
requests: number, 
/**
 * What the priced ones cost.
 */
spent_usd: string, 
/**
 * What was saved against the models that were asked for.
 */
saved_usd: string, 
/**
 * Requests answered on the user's own machines.
 */
local_requests: number, 
/**
 * Requests whose price is not known: in `requests`, not in `spent_usd`.
 */
unpriced_requests: number, 
/**
 * Requests whose usage was estimated: in `spent_usd`, which is then "about".
 */
estimated_requests: number, 
/**
 * Tokens.
 */
tokens: Tokens, };

/**
 * A budget and what its windows of a month came to, against its limit of today.
 */
export type ReportBudget = { 
/**
 * Its name.
 */
name: string, 
/**
 * `day`, `week` or `month`.
 */
period: string, 
/**
 * Its limit in dollars; null for a budget of tokens.
 */
limit_usd: string | null, 
/**
 * Its limit in tokens; null for a budget of dollars.
 */
limit_tokens: number | null, 
/**
 * What it counts, as `key=value`; empty for everything.
 */
scope: Array<string>, 
/**
 * The windows that began in the month, oldest first; none for a budget of one conversation.
 */
windows: Array<ReportWindow>, };

/**
 * What a month is made of, by one thing.
 */
export type ReportPart = { 
/**
 * What it is grouped by.
 */
by: By, 
/**
 * Groups, the dearest first.
 */
groups: Array<CostGroup>, };

/**
 * One window of a budget.
 */
export type ReportWindow = { 
/**
 * Its first local day, as `2026-11-16`.
 */
from: string, 
/**
 * Its last local day, included.
 */
to: string, 
/**
 * Requests.
 */
requests: number, 
/**
 * What the priced ones cost.
 */
spent_usd: string, 
/**
 * What was saved against the models that were asked for.
 */
saved_usd: string, 
/**
 * Requests answered on the user's own machines.
 */
local_requests: number, 
/**
 * Requests whose price is not known: in `requests`, not in `spent_usd`.
 */
unpriced_requests: number, 
/**
 * Requests whose usage was estimated: in `spent_usd`, which is then "about".
 */
estimated_requests: number, 
/**
 * Tokens.
 */
tokens: Tokens, };

/**
 * Usage of a request, in Weir's normal form.
 */
export type RequestUsage = { 
/**
 * Prompt tokens neither read from nor written to a cache.
 */
input: number, 
/**
 * Prompt tokens read from a cache.
 */
cache_read: number, 
/**
 * Prompt tokens written to a short-lived cache.
 */
cache_write_5m: number, 
/**
 * Prompt tokens written to an hour-long cache.
 */
cache_write_1h: number, 
/**
 * Completion tokens, reasoning included.
 */
output: number, 
/**
 * The reasoning part of `output`.
 */
reasoning: number, 
/**
 * Web searches the provider ran.
 */
web_searches: number, };

/**
 * One way a request could be answered.
 */
export type RouteCandidate = { 
/**
 * `provider/model`.
 */
route: string, 
/**
 * Why, as the short code of `x-weir-reason`.
 */
reason: string, 
/**
 * What it is expected to cost; null when the price is not known.
 */
expected_usd: string | null, 
/**
 * In `route test`: why it cannot answer now, with the fix; null where it can, and elsewhere.
 */
unable?: string, };

/**
 * `route test`.
 */
export type RouteTest = { 
/**
 * The task, when judged.
 */
task: string | null, 
/**
 * The tier, when judged or named.
 */
tier: string | null, 
/**
 * The tier it was judged to be, where the body names one itself.
 */
judged_tier: string | null, 
/**
 * Confidence in task and tier, 0 to 1.
 */
confidence: number | null, 
/**
 * Which part of a tool's work it is: main, subagent, compaction or auxiliary.
 */
class: string | null, 
/**
 * Whether the answer follows from the input by rule.
 */
deterministic: boolean, 
/**
 * The key of the conversation it belongs to, when it has one.
 */
conversation: string | null, 
/**
 * The model the body asks for.
 */
asked_model: string | null, 
/**
 * Candidates in the order they would be tried.
 */
candidates: Array<RouteCandidate>, 
/**
 * Why there are none, when there are none.
 */
problem: string | null, };

/**
 * How requests are routed.
 */
export type Routing = { 
/**
 * `honour`, `tiered`, `local-first` or `shadow`.
 */
mode: string, 
/**
 * Today's share of requests answered locally, 0 to 1; null without requests.
 */
local_share: number | null, 
/**
 * The chains.
 */
tiers: TierChains, 
/**
 * Whether everything is passed through to where it asked.
 */
paused: boolean, 
/**
 * Whether local models are in use.
 */
local_on: boolean, 
/**
 * Whether nothing but local models is in use.
 */
local_only: boolean, 
/**
 * Local models that are switched off one by one, as `provider/model`.
 */
models_off: Array<string>, 
/**
 * The tiers today and now, `low` first.
 */
per_tier: Array<TierNow>, };

/**
 * Tiers, mode and rules, as the file in use has them.
 */
export type RoutingText = { 
/**
 * The file.
 */
file: string, 
/**
 * `honour`, `tiered`, `local-first` or `shadow`.
 */
mode: string, 
/**
 * The chains; `local` stands for whatever local model is there.
 */
tiers: TierChains, 
/**
 * The rules, first match wins.
 */
rules: Array<RuleText>, };

/**
 * A rule, as it is written.
 */
export type RuleText = { 
/**
 * What it is for.
 */
when: RuleWhen, 
/**
 * Where it leads: a tier alone, or a chain.
 */
leads: Array<string>, };

/**
 * What a rule is for, as it is written; null matches anything.
 */
export type RuleWhen = { 
/**
 * The tool.
 */
client: string | null, 
/**
 * `main`, `subagent`, `compaction` or `auxiliary`.
 */
class: string | null, 
/**
 * The model as the client names it; `*` for any text, `?` for one character.
 */
model: string | null, 
/**
 * The task.
 */
task: string | null, 
/**
 * `low`, `medium` or `high`.
 */
tier: string | null, 
/**
 * The category.
 */
category: string | null, 
/**
 * The project.
 */
project: string | null, 
/**
 * Prompts above this many tokens.
 */
tokens_over: number | null, };

/**
 * The time a report covers, in local calendar time up to now.
 */
export type Span = "day" | "week" | "month" | "all";

/**
 * `status`.
 */
export type Status = { 
/**
 * Whether an engine is serving. When not, pid, port, url and uptime are null.
 */
running: boolean, 
/**
 * The engine's process.
 */
pid: number | null, 
/**
 * The port it listens on.
 */
port: number | null, 
/**
 * What a tool is pointed at, as `http://127.0.0.1:9347`.
 */
url: string | null, 
/**
 * The engine's version.
 */
version: string, 
/**
 * The home folder it serves.
 */
home: string, 
/**
 * Seconds since it started.
 */
uptime_s: number | null, 
/**
 * Answers under way.
 */
streams: number, 
/**
 * Spend of the current windows.
 */
totals: Totals, 
/**
 * Budgets.
 */
budgets: Array<BudgetStanding>, 
/**
 * Windows of subscriptions that are known.
 */
allowances: Array<AllowanceView>, 
/**
 * Providers.
 */
providers: Array<ProviderHealth>, 
/**
 * Local servers.
 */
local: Array<LocalServer>, 
/**
 * Routing.
 */
routing: Routing, 
/**
 * The tunnel for Cursor; null while it is closed.
 */
tunnel: TunnelStatus | null, 
/**
 * What needs attention, one line with its fix each: a full disk, a configuration that was
 * not taken over, requests without a price.
 */
notices: Array<string>, };

/**
 * Sums over some requests. The demonstration provider is in none.
 */
export type Sums = { 
/**
 * Requests.
 */
requests: number, 
/**
 * What the priced ones cost.
 */
spent_usd: string, 
/**
 * What was saved against the models that were asked for.
 */
saved_usd: string, 
/**
 * Requests answered on the user's own machines.
 */
local_requests: number, 
/**
 * Requests whose price is not known: in `requests`, not in `spent_usd`.
 */
unpriced_requests: number, 
/**
 * Requests whose usage was estimated: in `spent_usd`, which is then "about".
 */
estimated_requests: number, 
/**
 * Tokens.
 */
tokens: Tokens, };

/**
 * The ground a chart is drawn for.
 */
export type Theme = "light" | "dark";

/**
 * The chains of the three tiers, as `provider/model`.
 */
export type TierChains = { 
/**
 * Formulaic.
 */
low: Array<string>, 
/**
 * Ordinary.
 */
medium: Array<string>, 
/**
 * Multi-step.
 */
high: Array<string>, };

/**
 * A tier: what it took today, and where it leads now.
 */
export type TierNow = { 
/**
 * `low`, `medium` or `high`.
 */
tier: string, 
/**
 * Requests of the tier today.
 */
requests: number, 
/**
 * Their share answered locally, 0 to 1; null without requests.
 */
local_share: number | null, 
/**
 * What they cost.
 */
spent_usd: string, 
/**
 * The first link that can be asked now; null when there is none.
 */
now: string | null, 
/**
 * The chain, with what `local` stands for on this machine now.
 */
links: Array<LinkNow>, 
/**
 * Why nothing of it can ever answer as it is set up; null where something can.
 */
problem: string | null, 
/**
 * What mends that, in one line.
 */
fix: string | null, };

/**
 * Tokens by kind. The kinds are disjoint but for `reasoning`, a part of `output`.
 */
export type Tokens = { 
/**
 * Prompt tokens neither read from nor written to a cache.
 */
input: number, 
/**
 * Prompt tokens read from a cache.
 */
cache_read: number, 
/**
 * Prompt tokens written to a short-lived cache.
 */
cache_write_5m: number, 
/**
 * Prompt tokens written to an hour-long cache.
 */
cache_write_1h: number, 
/**
 * Completion tokens, reasoning included.
 */
output: number, 
/**
 * The reasoning part of `output`.
 */
reasoning: number, };

/**
 * What became of one file of a tool.
 */
export type ToolFile = { 
/**
 * The file.
 */
path: string, 
/**
 * `created`, `edited`, `restored`, `removed`, `kept`, or `gone` when somebody removed it before.
 */
what: string, 
/**
 * The keys that were written, or on the way back those that the user changed and keeps.
 */
keys: Array<string>, 
/**
 * Whether a restored file is as it was, byte for byte.
 */
exact: boolean, 
/**
 * The lines that change, `-` before and `+` after; a token is not shown.
 */
diff: string, };

/**
 * What was done for a tool.
 */
export type ToolReport = { 
/**
 * The tool.
 */
tool: string, 
/**
 * Whether it is connected now.
 */
connected: boolean, 
/**
 * Whether nothing had to be done.
 */
unchanged: boolean, 
/**
 * Its files.
 */
files: Array<ToolFile>, 
/**
 * What the user should know, one sentence each.
 */
notes: Array<string>, 
/**
 * What the user enters by hand, as name and value.
 */
by_hand: Array<[string, string]>, };

/**
 * A tool in a list.
 */
export type ToolRow = { 
/**
 * Its name.
 */
tool: string, 
/**
 * What it is called.
 */
title: string, 
/**
 * Whether it seems to be installed.
 */
found: boolean, 
/**
 * The program, where `PATH` leads to one.
 */
program: string | null, 
/**
 * How it stands.
 */
state: ToolStanding, 
/**
 * Its settings file.
 */
file: string | null, 
/**
 * Whether it was asked for that its own login stays in force.
 */
keeps_login: boolean, 
/**
 * The port its settings name.
 */
port: number | null, };

/**
 * How a tool stands.
 */
export type ToolStanding = "connected" | "edited" | "unfinished" | "not_connected";

/**
 * Spend of the current windows.
 */
export type Totals = { 
/**
 * Today.
 */
day: Sums, 
/**
 * Since Monday.
 */
week: Sums, 
/**
 * Since the first of the month.
 */
month: Sums, };

/**
 * `tunnel start`: the only time the token is shown.
 */
export type TunnelStarted = { 
/**
 * What Cursor is given as its API key.
 */
token: string, 
/**
 * The open tunnel.
 */
status: TunnelStatus, 
/**
 * What the user should know before going on, one sentence each.
 */
warnings: Array<string>, };

/**
 * `tunnel status`.
 */
export type TunnelStatus = { 
/**
 * Whether it is open. When not, what belongs to an opening is null or zero.
 */
on: boolean, 
/**
 * The port on 127.0.0.1 that the tunnel program is pointed at.
 */
port: number | null, 
/**
 * The public host it answers to; null for any.
 */
host: string | null, 
/**
 * What Cursor is given, `https://HOST/cursor/v1`; null while no host was named.
 */
base_url: string | null, 
/**
 * When it was opened.
 */
since: string | null, 
/**
 * When it closes by itself.
 */
until: string | null, 
/**
 * Seconds until then.
 */
left_s: number | null, 
/**
 * The models it answers for.
 */
models: Array<string>, 
/**
 * Its own limit a day.
 */
cap_usd: string, 
/**
 * Spent through it today.
 */
spent_usd: string, 
/**
 * Set aside for its requests under way.
 */
reserved_usd: string, 
/**
 * When the day ends.
 */
resets_at: string, 
/**
 * Requests that may come in a minute.
 */
per_minute: number, 
/**
 * Requests that may be under way at once.
 */
at_once: number, 
/**
 * Requests under way.
 */
open: number, 
/**
 * Requests let in since it was opened.
 */
requests: number, 
/**
 * Requests turned away since it was opened.
 */
refused: number, 
/**
 * The last that was let in.
 */
last: TunnelVisit | null, 
/**
 * The last that was turned away.
 */
last_refused: TunnelVisit | null, };

/**
 * `tunnel test`.
 */
export type TunnelTest = { 
/**
 * Whether Cursor would be answered, and as it comes.
 */
ok: boolean, 
/**
 * The public address that was called.
 */
url: string, 
/**
 * Models on the list that came back; null when none did.
 */
models: number | null, 
/**
 * Whether a stream arrived in pieces; null when none arrived.
 */
streams: boolean | null, 
/**
 * Milliseconds between its first and last piece.
 */
span_ms: number | null, 
/**
 * Whether the name leads to a public address on this machine: only then the test shows how others
 * get there; null when nothing was reached.
 */
public: boolean | null, 
/**
 * What was found, in one line with the fix.
 */
message: string, };

/**
 * Somebody who came to the tunnel. The address is what the tunnel program says, and is not proof.
 */
export type TunnelVisit = { 
/**
 * When.
 */
at: string, 
/**
 * From where, as it was said; null when nothing was said.
 */
source: string | null, 
/**
 * Why it was turned away; null when it was let in.
 */
refused: string | null, };

/**
 * A page that was asked for from outside the window.
 */
export type Wanted = { 
/**
 * The page; null where the window stays on its own.
 */
page: string | null, 
/**
 * Grows with every time one is asked for, so that each is gone to once.
 */
turn: number, };

/**
 * The whole window, drawn anew from this whenever something changed.
 */
export type WindowView = { 
/**
 * The overview; null while nothing is served.
 */
overview: Overview | null, 
/**
 * Why nothing is served; null while something is.
 */
problem: ApiProblem | null, 
/**
 * The port that another program has, where that is why.
 */
port_taken: number | null, 
/**
 * What the desktop lacks, one sentence each.
 */
notes: Array<string>, 
/**
 * Whether a tray icon stands; without one the window offers to quit.
 */
tray: boolean, 
/**
 * Whether the engine runs in the tray's own process and stops with it.
 */
own_engine: boolean, 
/**
 * Whether Weir starts at login; null where this home cannot, because it was named by an option.
 */
login: boolean | null, 
/**
 * The page that was asked for last; null before any was.
 */
wanted: Wanted | null, };
