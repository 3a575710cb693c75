// A clear message for each reason why npm ci may fail.
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
    return `the dependencies cannot be installed: npm cannot reach its registry (${network}). Check the network, or configure npm's proxy or registry (npm config), and try again.`;
  }
  const [certificate] = CERTIFICATE.exec(output) ?? [];
  if (certificate) {
    return `the dependencies cannot be installed: npm does not trust its registry's certificate (${certificate}). Set NODE_EXTRA_CA_CERTS to the certificate authority of your network, and try again.`;
  }
  const [rights] = NO_RIGHTS.exec(output) ?? [];
  if (rights) {
    return `the dependencies cannot be installed: no write permission (${rights}). The clone and npm's cache must belong to the user who runs this command.`;
  }
  if (NO_SPACE.test(output)) return 'the dependencies cannot be installed: the disk is full.';
  const lines = output
    .trim()
    .split('\n')
    .filter((line) => !/npm warn/i.test(line));
  return `the dependencies cannot be installed; npm said:\n${lines.slice(-15).join('\n')}`;
}

/** The message for an error that ends a command; clear if the user can fix it. */
export function explainError(error) {
  if (!['EACCES', 'EPERM', 'EROFS'].includes(error.code)) return error.message;
  return `no permission to write ${error.path ?? 'here'}. The clone must belong to the user who runs this command.`;
}
