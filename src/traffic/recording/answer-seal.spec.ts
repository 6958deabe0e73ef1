import { AnswerSeal } from './answer-seal.js';

const SECRET = 'a secret for tests only, 32 characters';

describe('AnswerSeal', () => {
  const seal = new AnswerSeal(SECRET, 'tests');
  const content = { head: { status: 200 }, body: Buffer.from([0, 10, 255, 10]) };

  it('opens what it sealed, byte for byte', () => {
    expect(seal.open(seal.seal(content, 'k'), 'k')).toEqual(content);
  });

  it('opens nothing that was altered, cut, moved, sealed otherwise or is too large to be read', () => {
    const text = seal.seal(content, 'k');
    const flipped = text.startsWith('A') ? `B${text.slice(1)}` : `A${text.slice(1)}`;
    for (const other of [flipped, text.slice(4), text.slice(0, -8), '', 'AAAA'])
      expect(() => seal.open(other, 'k')).toThrow();
    expect(() => seal.open(text, 'other')).toThrow();
    expect(() => new AnswerSeal(SECRET, 'another purpose').open(text, 'k')).toThrow();
    expect(() => seal.open('A'.repeat(3_000_000), 'k')).toThrow('no sealed answer is as large as this');
  });
});
