// Tiers and rules as they are edited in the window, and the single changes that a draft comes to.
import type { ConfigEdit, RoutingText, RuleText, RuleWhen, TierChains } from './api';

export const TIERS = ['low', 'medium', 'high'] as const;
export type Tier = (typeof TIERS)[number];

export const MODES: Record<string, string> = {
  honour: 'Every request goes to the model it asks for. Only weir-auto is judged.',
  tiered: 'Every request takes the chain of its tier, and never costs more than the model asked for.',
  'local-first': 'Every request takes the chain of its tier, local models before all others.',
  shadow: 'Every request goes to the model it asks for, and where it would have gone is noted.',
};

export const CLASSES = ['main', 'subagent', 'compaction', 'auxiliary'];
export const TASKS = [
  'classification', 'extraction', 'summarization', 'rewriting', 'translation', 'question_answering', 'reasoning', 'planning', 'writing',
  'code_generation', 'code_editing', 'code_explanation', 'code_review', 'test_generation', 'debugging', 'code_completion', 'agent_step', 'embedding',
];

/** A rule in a draft: `was` is its place in the file, null for a new one; `key` tells it from the others. */
export interface DraftRule {
  key: number;
  was: number | null;
  rule: RuleText;
}

export interface Draft {
  mode: string;
  tiers: TierChains;
  rules: DraftRule[];
}

export const NO_WHEN: RuleWhen = { client: null, class: null, model: null, task: null, tier: null, category: null, project: null, tokens_over: null };

export function draftOf(text: RoutingText): Draft {
  return {
    mode: text.mode,
    tiers: { low: [...text.tiers.low], medium: [...text.tiers.medium], high: [...text.tiers.high] },
    rules: text.rules.map((rule, at) => ({ key: at, was: at, rule })),
  };
}

/** A list with one item elsewhere; places past the ends are the ends. */
export function moved<T>(list: readonly T[], from: number, to: number): T[] {
  const rest = [...list];
  const [item] = rest.splice(from, 1);
  if (item === undefined) return rest;
  rest.splice(Math.max(0, Math.min(to, rest.length)), 0, item);
  return rest;
}

const same = (a: unknown, b: unknown) => JSON.stringify(a) === JSON.stringify(b);

/** The changes that make the file what the draft is, in the order they are made. */
export function edits(text: RoutingText, draft: Draft): ConfigEdit[] {
  const all: ConfigEdit[] = [];
  if (draft.mode !== text.mode) all.push({ edit: 'mode', mode: draft.mode });
  for (const tier of TIERS) {
    if (!same(draft.tiers[tier], text.tiers[tier])) all.push({ edit: 'tier', tier, chain: draft.tiers[tier] });
  }
  const kept = new Set(draft.rules.map((each) => each.was));
  // The last goes first, so that the places of the others stay what they are.
  for (let at = text.rules.length - 1; at >= 0; at -= 1) {
    if (!kept.has(at)) all.push({ edit: 'remove_rule', at });
  }
  const order: (number | DraftRule)[] = text.rules.map((_, at) => at).filter((at) => kept.has(at));
  for (const each of draft.rules) {
    if (each.was === null) {
      all.push({ edit: 'add_rule', rule: each.rule });
      order.push(each);
    } else if (!same(each.rule, text.rules[each.was])) {
      all.push({ edit: 'change_rule', at: order.indexOf(each.was), rule: each.rule });
    }
  }
  draft.rules.forEach((each, to) => {
    const from = order.indexOf(each.was ?? each);
    if (from === to) return;
    all.push({ edit: 'move_rule', from, to });
    order.splice(to, 0, ...order.splice(from, 1));
  });
  return all;
}

/** What a rule is for, in words. */
export function meant(when: RuleWhen): string {
  const parts = [
    when.client === null ? null : `from ${when.client}`,
    when.class === null ? null : `${when.class} work`,
    when.model === null ? null : `asking for ${when.model}`,
    when.task === null ? null : when.task.replaceAll('_', ' '),
    when.tier === null ? null : `judged ${when.tier}`,
    when.category === null ? null : `category ${when.category}`,
    when.project === null ? null : `project ${when.project}`,
    when.tokens_over === null ? null : `over ${when.tokens_over.toLocaleString('en-US')} tokens`,
  ].filter((part) => part !== null);
  return parts.length === 0 ? 'Everything' : parts.join(', ');
}
