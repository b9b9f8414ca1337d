// Numbers and times, to the digit.
import { describe, expect, it } from 'vitest';
import { paceOf } from '../src/budgets';
import { column, count, digits, duration, money, nano, sentence, stamp, when } from '../src/format';

describe('a pace', () => {
  // A Friday, twenty minutes past two; local time, as the pages say it.
  const now = new Date(2026, 10, 20, 14, 20).getTime();

  it('is the rest of the period at what an hour has cost', () => {
    expect(paceOf('week', '4.500000000', new Date(2026, 10, 19, 12).getTime())).toBe('about $9.00 by Sunday');
    expect(paceOf('month', '14.000000000', new Date(2026, 10, 16).getTime())).toBe('about $28.00 by the 30th');
    expect(paceOf('day', '1.000000000', new Date(2026, 10, 20, 12).getTime())).toBe('about $2.00 by tonight');
    expect(paceOf('month', '3.000000000', new Date(2026, 11, 30).getTime())).toMatch(/by the 31st$/);
    expect(paceOf('month', '14.000000000', new Date(2026, 10, 30, 12).getTime())).toMatch(/by tonight$/);
    expect(paceOf('week', '4.500000000', new Date(2026, 10, 22, 12).getTime())).toMatch(/by tonight$/);
  });

  it('is not guessed at the beginning, or from nothing', () => {
    expect(paceOf('month', '14.000000000', new Date(2026, 10, 2).getTime())).toBeNull();
    expect(paceOf('week', '0.000000000', now)).toBeNull();
  });
});

describe('money', () => {
  it('reads the same as on the command line', () => {
    const cases: [string, string][] = [
      ['0.000000000', '$0'],
      ['0.000099999', '<$0.0001'],
      ['0.004200000', '$0.0042'],
      ['0.031000000', '$0.031'],
      ['0.500000000', '$0.50'],
      ['1.239000000', '$1.24'],
      ['0.999999999', '$1.00'],
      ['1234.567890000', '$1,234.57'],
      ['-0.031000000', '-$0.031'],
    ];
    for (const [usd, text] of cases) expect(money(usd), usd).toBe(text);
  });

  it('keeps every nano-dollar of a large amount', () => {
    expect(nano('9007199254.740993001')).toBe(9_007_199_254_740_993_001n);
  });
});

describe('amounts below each other', () => {
  it('keep all four digits of what is below a dollar', () => {
    const cases: [string, string][] = [
      ['$0.031', '$0.03100'], ['$0.0596', '$0.05960'], ['$0.0042', '$0.004200'], ['$0.007836', '$0.007836'], ['$0.50', '$0.5000'], ['about $0.31', 'about $0.3100'],
      ['-$0.031', '-$0.03100'], ['$0.00042', '$0.000420'], ['<$0.0001', '<$0.0001'], ['$1.24', '$1.24'], ['$0', '$0'], ['$0.7104 + 2 unpriced', '$0.7104 + 2 unpriced'],
      ['$1,234.50', '$1,234.50'], ['no price', 'no price'], ['12 %', '12 %'], ['', ''],
    ];
    for (const [text, kept] of cases) expect(digits(text), text).toBe(kept);
  });

  it('stand with their points in one line, whatever stands before them', () => {
    const plain = (text: string) => text.replace(/\u2007/g, '_').replace(/\u2008/g, ',');
    expect(column(['$0.0596', '$0.007836', '$1.24', '$0', 'about $0.31', 'unpriced']).map(plain)).toEqual(['$0.05960_', '$0.007836', '$1.24____', '$0,______', 'about $0.3100__', 'unpriced']);
    expect(column(['$12.00', '$3.80', '$0']).map(plain)).toEqual(['$12.00', '$3.80', '$0,__']);
    expect(column(['41', '12 %'])).toEqual(['41', '12 %']);
    expect(column(['$1.24'], 6).map(plain)).toEqual(['$1.24____']);
  });
});

it('counts are exact below ten thousand and three digits above', () => {
  expect(count(1234)).toBe('1,234');
  expect(count(12_340)).toBe('12.3K');
  expect(count(999_499)).toBe('999K');
  expect(count(999_500)).toBe('1.00M');
  expect(count(1_234_567)).toBe('1.23M');
});

it('durations name two units at most', () => {
  expect(duration(87)).toBe('87 ms');
  expect(duration(940)).toBe('940 ms');
  expect(duration(9_990)).toBe('9.9 s');
  expect(duration(59_999)).toBe('59 s');
  expect(duration(185_000)).toBe('3 min 05 s');
  expect(duration(3_720_000)).toBe('1 h 02 min');
});

it('times are relative under an hour, the clock today, the date before', () => {
  const now = new Date(2026, 10, 22, 14, 30, 0);
  const at = (...parts: [number, number, number, number, number, number]) =>
    when(new Date(...parts).toISOString(), now.getTime());
  expect(at(2026, 10, 22, 14, 29, 56)).toBe('4 s ago');
  expect(at(2026, 10, 22, 14, 18, 0)).toBe('12 min ago');
  expect(at(2026, 10, 22, 9, 5, 0)).toBe('09:05');
  expect(at(2026, 10, 20, 9, 5, 0)).toBe('20 Nov 09:05');
  expect(at(2025, 10, 20, 9, 5, 0)).toBe('20 Nov 2025');
  expect(stamp(new Date(2026, 10, 22, 9, 5, 7, 40).toISOString())).toBe('2026-11-22 09:05:07.040');
});

it('a message becomes a sentence, but a path keeps its case', () => {
  expect(sentence('port 9347 is taken')).toBe('Port 9347 is taken');
  expect(sentence('config.toml, line 2: wrong')).toBe('config.toml, line 2: wrong');
  expect(sentence('/home/a/b is not a folder')).toBe('/home/a/b is not a folder');
  expect(sentence('Gemini rests')).toBe('Gemini rests');
});
