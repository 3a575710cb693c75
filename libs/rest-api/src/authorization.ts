/**
 * The `Authorization` of a REST API token. OAuth tokens (`pdus+_…`, `pdeu+_…`, older ones 64 hex digits) are bearer
 * tokens, API keys (20 characters) are not; the wrong form is answered with 401. PagerDuty developer docs,
 * "Authentication".
 */
export function authorizationOf(token: string): string {
  const isOAuth = /^pd[a-z]{2}\+_/.test(token) || /^[0-9a-f]{64}$/i.test(token);
  return isOAuth ? `Bearer ${token}` : `Token token=${token}`;
}
