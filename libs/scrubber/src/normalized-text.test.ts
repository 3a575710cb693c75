import { decodeEscapes, fold, originalOffset } from './normalized-text';
import { keccak256 } from './keccak';

describe('folding', () => {
  it('replaces look-alikes by ASCII and keeps the rest', () => {
    expect(fold('４１１１ ‑ ＠é').text).toBe('4111 - @é');
  });

  it('drops zero-width characters and maps positions back', () => {
    const normalized = fold('a\u200bb\u00adc');
    expect(normalized.text).toBe('abc');
    expect([0, 1, 2, 3].map((index) => originalOffset(normalized, index))).toEqual([0, 2, 4, 5]);
  });

  it('keeps surrogate pairs', () => {
    expect(fold('😀 1').text).toBe('😀 1');
  });
});

describe('decoding percent escapes', () => {
  it('decodes UTF-8 and maps positions back', () => {
    const normalized = decodeEscapes('a%40%C3%A9%F0%9F%98%80.');
    expect(normalized.text).toBe('a@é😀.');
    expect([0, 1, 2, 3, 5].map((index) => originalOffset(normalized, index))).toEqual([0, 1, 4, 10, 22]);
  });

  it.each(['%', '%4', '%zz', '%??', '%C3', '%F4%90%80%80', '%ED%A0%80', '%E0%80%80'])('keeps %s', (text) => {
    expect(decodeEscapes(text).text).toBe(text);
  });

  it('reads a plus as a space in forms', () => {
    expect(decodeEscapes('a+b%2Bc', true).text).toBe('a b+c');
  });
});

describe('keccak-256', () => {
  it('returns the published digests', () => {
    expect(keccak256('')).toBe('c5d2460186f7233c927e7db2dcc703c0e500b653ca82273b7bfad8045d85a470');
    expect(keccak256('abc')).toBe('4e03657aea45a94fc7d47ba826c8d667c0d1e6e33a64a036ec44f58fa12d6c45');
  });
});
