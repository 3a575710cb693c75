// One clear message for each way in which npm ci fails.
const NO_NETWORK =
  /\b(ENOTFOUND|EAI_AGAIN|ECONNREFUSED|ECONNRESET|ETIMEDOUT|ENETUNREACH|EHOSTUNREACH|ERR_SOCKET_TIMEOUT|EIDLETIMEOUT)\b/;
const NO_RIGHTS = /\b(EACCES|EPERM|EROFS)\b/;
const NO_SPACE = /\bENOSPC\b/;
const CERTIFICATE =
  /\b(SELF_SIGNED_CERT_IN_CHAIN|UNABLE_TO_GET_ISSUER_CERT\w*|UNABLE_TO_VERIFY_LEAF_SIGNATURE|DEPTH_ZERO_SELF_SIGNED_CERT|CERT_HAS_EXPIRED)\b/;

/** @param {string} output what npm wrote */
export function explainFailure(output) {
  const [network] = NO_NETWORK.exec(output) ?? [];
  if (network) {
    return `the dependencies cannot be installed: npm does not reach its registry (${network}). Connect this machine, or tell npm its proxy or registry (npm config), and start again.`;
  }
  const [certificate] = CERTIFICATE.exec(output) ?? [];
  if (certificate) {
    return `the dependencies cannot be installed: npm does not trust its registry's certificate (${certificate}). Set NODE_EXTRA_CA_CERTS to the authority of your network, and start again.`;
  }
  const [rights] = NO_RIGHTS.exec(output) ?? [];
  if (rights) {
    return `the dependencies cannot be installed: no right to write (${rights}). The clone, and npm's cache, must belong to the user who starts this.`;
  }
  if (NO_SPACE.test(output)) return 'the dependencies cannot be installed: the disk is full.';
  const lines = output
    .trim()
    .split('\n')
    .filter((line) => !/npm warn/i.test(line));
  return `the dependencies cannot be installed; npm said:\n${lines.slice(-15).join('\n')}`;
}

/** For whatever ends a command: an error that the user can mend is told in words. */
export function explainError(error) {
  if (!['EACCES', 'EPERM', 'EROFS'].includes(error.code)) return error.message;
  return `no right to write ${error.path ?? 'here'}. The clone must belong to the user who starts this.`;
}
