import { authorizationOf } from './authorization';

describe('the authorization', () => {
  it.each([
    ['y_NbAkKc66ryYTWUXYEu', 'Token token=y_NbAkKc66ryYTWUXYEu'],
    ['u+AbCdEfGhIjKlMnOpQr', 'Token token=u+AbCdEfGhIjKlMnOpQr'],
    ['pdus+_0XBPWQQ_0a1b2c3d', 'Bearer pdus+_0XBPWQQ_0a1b2c3d'],
    ['pdeu+_0XBPWQQ_0a1b2c3d', 'Bearer pdeu+_0XBPWQQ_0a1b2c3d'],
    ['a1'.repeat(32), `Bearer ${'a1'.repeat(32)}`],
  ])('for %s has the form that PagerDuty requires', (token, authorization) => {
    expect(authorizationOf(token)).toBe(authorization);
  });
});
