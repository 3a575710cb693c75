import { connectionProblem } from './certificate-fault';

const problemOf = (code: string, message: string) =>
  connectionProblem(Object.assign(new Error(message), { code }), 'PDAGENTD_AMQP_URL');

describe('the message of a server that cannot be reached', () => {
  it.each([
    ['SELF_SIGNED_CERT_IN_CHAIN', /^text: .* is not trusted; add its authority to PDAGENTD_CA_FILE$/],
    ['UNABLE_TO_VERIFY_LEAF_SIGNATURE', /add its authority to PDAGENTD_CA_FILE$/],
    ['CERT_HAS_EXPIRED', /^text: renew the certificate/],
    ['ERR_TLS_CERT_ALTNAME_INVALID', /^text: use a name in PDAGENTD_AMQP_URL that the certificate is valid for$/],
  ])('says what to do about a certificate that is refused with %s', (code, wanted) => {
    expect(problemOf(code, 'text')).toMatch(wanted);
  });

  it('is unchanged for any other reason', () => {
    expect(problemOf('ECONNREFUSED', 'connect ECONNREFUSED 127.0.0.1:5671')).toBe(
      'connect ECONNREFUSED 127.0.0.1:5671',
    );
    expect(connectionProblem(new Error('the connection was closed'), 'PDAGENTD_AMQP_URL')).toBe(
      'the connection was closed',
    );
  });
});
