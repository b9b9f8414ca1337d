// What the pages say of a request, a budget and a moment, in words that a person would use.
import { describe, expect, it } from 'vitest';
import { attempt, budget, row, sums } from '../src/backend/fake';
import { aboutOf, amountOf, asideOf, leftOf } from '../src/budgets';
import { failure, firstOf, leftOut, priced, reason, went, without } from '../src/requests';

describe('a budget', () => {
  it('has the same left whatever is set aside, and says that apart', () => {
    const [still, busy] = [budget({ limit_usd: '8.000000000', spent_usd: '3.430000000', reserved_usd: '0.000000000' }), budget({ limit_usd: '8.000000000', spent_usd: '3.430000000', reserved_usd: '2.690000000' })];
    expect([leftOf(still), asideOf(still)]).toEqual(['$4.57', null]);
    expect([leftOf(busy), asideOf(busy)]).toEqual(['$4.57', '$2.69']);
    expect(leftOf(budget({ limit_usd: null, limit_tokens: 1000, spent_tokens: 400, reserved_tokens: 600 }))).toBe('600 tokens');
    expect(leftOf(budget({ spent_usd: '10.000000000' }))).toBeNull();
  });
});

it('an amount may have a comma for its point, and is refused where it could be a thousand', () => {
  expect(['5', '5.00', '4,00', ' 4,5 '].map(amountOf)).toEqual(['5.000000000', '5.000000000', '4.000000000', '4.500000000']);
  expect(['', '0', '0,00', '1,000', '1.2.3', 'five', '-1'].map(amountOf)).toEqual([null, null, null, null, null, null, null]);
});

it('what a budget came to is about that where its period holds estimates, and nothing is never about nothing', () => {
  const totals = { day: sums(), week: sums({ estimated_requests: 2 }), month: sums({ estimated_requests: 2 }) };
  expect(aboutOf(budget(), totals)).toBe('about ');
  expect(aboutOf(budget({ period: 'day' }), totals)).toBe('');
  expect(aboutOf(budget({ spent_usd: '0.000000000' }), totals)).toBe('');
});

it('a list beside an open request keeps state, model and cost, and one not measured keeps all', () => {
  expect(without(472)).toBe('no-provider no-task no-out no-tokens no-took no-time no-tool');
  expect(without(832)).toBe('no-provider no-task no-out');
  expect([without(1057), without(0)]).toEqual(['', '']);
});

describe('a request', () => {
  it('says why it went where it went in words, for budgets too', () => {
    const codes = ['budget-cheaper', 'budget-other', 'budget-tier', 'budget-local', 'paced', 'larger-context'];
    expect(codes.map(reason)).toEqual([
      'cheaper, for a budget', 'outside of a full budget', 'tier below, for a budget', 'local, for a budget', 'local, for the window', 'a larger context',
    ]);
    expect(reason('of-a-later-weir')).toBe('of-a-later-weir');
  });

  it('that was refused says so first, and that no way of it answered', () => {
    const refused = row({ outcome: 'upstream_error', attempts: [attempt({ outcome: 'upstream_error', status: 529 })] });
    expect(failure(refused)).toBe('Refused (529).');
    expect(went(refused)).toBe('refused');
    expect(failure(row())).toBeNull();
    expect(went(row())).toBe('answered');
    expect(went(row({ outcome: null }))).toBe('under way');
    expect(went(row({ outcome: 'internal' }))).toBe('Weir failed');
  });

  it('that was the first stays it when more come, and takes the place of a demonstration', () => {
    const [demo, one, two] = [row({ id: 'a', demo: true }), row({ id: 'b' }), row({ id: 'c' })];
    expect(firstOf(null, [])).toBeNull();
    expect(firstOf(null, [demo])).toBe(demo);
    expect(firstOf(demo, [two, one, demo])).toBe(one);
    const settled = row({ id: 'b', cost_usd: '0.020000000' });
    expect(firstOf(one, [two, settled])).toBe(settled);
    expect(firstOf(settled, [two])).toBe(settled);
  });

  it('says what was left out in words, with the field, and an unknown rule as it is', () => {
    expect(leftOut('foreign-thinking')).toBe("another provider's thoughts");
    expect(leftOut('sampling:top_k')).toBe('a setting of sampling (top_k)');
    expect(leftOut('later:x')).toBe('later:x');
  });

  it('that cost nothing says so once, and an exact amount stands beside a short one only', () => {
    expect(priced(row({ cost_usd: '0.000000000' }))).toBe('$0');
    expect(priced(row({ cost_usd: '0.010000000' }))).toBe('$0.01');
    expect(priced(row({ cost_usd: '1.234567890' }))).toBe('$1.23 ($1.234567890)');
    expect(priced(row({ cost_usd: null, pricing: 'unpriced' }))).toBe('unpriced. No price is known for this model');
  });
});
