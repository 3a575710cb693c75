/** Headers that something between a sender and the gateway adds: credentials, identities, addresses, or its own trace. */
export interface AddedHeaders {
  readonly by: string;
  readonly source: string;
  readonly names: readonly string[];
}

export const HEADERS_ADDED_ON_THE_WAY: readonly AddedHeaders[] = [
  {
    by: 'oauth2-proxy',
    source: 'https://oauth2-proxy.github.io/oauth2-proxy/configuration/overview',
    names: [
      ...['x-auth-request-user', 'x-auth-request-email', 'x-auth-request-groups', 'x-auth-request-preferred-username'],
      ...['x-auth-request-access-token', 'x-auth-request-redirect', 'gap-auth', 'gap-signature'],
      ...['x-forwarded-user', 'x-forwarded-email', 'x-forwarded-groups', 'x-forwarded-preferred-username'],
      'x-forwarded-access-token',
    ],
  },
  {
    by: 'Authelia, Authentik',
    source: 'https://www.authelia.com/integration/trusted-header-sso/introduction/',
    names: [
      ...['remote-user', 'remote-groups', 'remote-email', 'remote-name', 'x-remote-user'],
      ...['x-authentik-username', 'x-authentik-groups', 'x-authentik-email', 'x-authentik-uid', 'x-authentik-jwt'],
    ],
  },
  {
    by: 'Pomerium',
    source: 'https://www.pomerium.com/docs/capabilities/getting-users-identity',
    names: ['x-pomerium-jwt-assertion', 'x-pomerium-claim-email', 'x-pomerium-authorization'],
  },
  {
    by: 'Cloudflare and its Access',
    source: 'https://developers.cloudflare.com/fundamentals/reference/http-headers/',
    names: [
      ...['cf-access-jwt-assertion', 'cf-access-authenticated-user-email', 'cf-access-client-id'],
      ...['cf-access-client-secret', 'cf-access-token', 'cf-connecting-ip', 'cf-connecting-ipv6', 'cf-ipcountry'],
      ...['cf-ray', 'cf-visitor', 'cf-worker', 'cf-ew-via', 'cdn-loop', 'true-client-ip'],
    ],
  },
  {
    by: 'AWS load balancers, CloudFront, API Gateway and Lambda',
    source: 'https://docs.aws.amazon.com/elasticloadbalancing/latest/application/listener-authenticate-users.html',
    names: [
      ...['x-amzn-oidc-data', 'x-amzn-oidc-accesstoken', 'x-amzn-oidc-identity', 'x-amzn-trace-id'],
      ...['x-amzn-mtls-clientcert', 'x-amzn-mtls-clientcert-leaf', 'x-amzn-mtls-clientcert-subject'],
      ...['x-amzn-mtls-clientcert-issuer', 'x-amzn-mtls-clientcert-serial-number', 'x-amzn-mtls-clientcert-validity'],
      ...['x-amz-cf-id', 'cloudfront-viewer-address', 'cloudfront-viewer-country', 'cloudfront-viewer-tls'],
      ...['x-amz-security-token', 'x-amz-date', 'x-amz-content-sha256', 'x-amzn-apigateway-api-id', 'x-amzn-vpce-id'],
      'x-amz-bedrock-agentcore-identity',
    ],
  },
  {
    by: 'Google Cloud load balancers and Identity-Aware Proxy',
    source: 'https://cloud.google.com/iap/docs/signed-headers-howto',
    names: [
      ...['x-goog-iap-jwt-assertion', 'x-goog-authenticated-user-email', 'x-goog-authenticated-user-id'],
      ...['x-serverless-authorization', 'x-cloud-trace-context', 'x-client-cert-leaf', 'x-client-cert-chain'],
      ...['x-client-cert-subject-dn', 'x-client-cert-spiffe', 'x-appengine-user-ip', 'x-appengine-citylatlong'],
      'x-goog-api-key',
    ],
  },
  {
    by: 'Azure App Service, Front Door, Application Gateway and API Management',
    source: 'https://learn.microsoft.com/azure/app-service/configure-authentication-user-identities',
    names: [
      ...[
        'x-ms-client-principal',
        'x-ms-client-principal-id',
        'x-ms-client-principal-name',
        'x-ms-client-principal-idp',
      ],
      ...['x-ms-token-aad-access-token', 'x-ms-token-aad-id-token', 'x-ms-token-aad-refresh-token'],
      ...['x-ms-token-google-access-token', 'x-ms-token-facebook-access-token', 'x-zumo-auth', 'x-arr-clientcert'],
      ...['x-arr-ssl', 'x-arr-log-id', 'x-azure-clientip', 'x-azure-fdid', 'x-azure-ref', 'x-azure-socketip'],
      ...['x-appgw-trace-id', 'x-original-host', 'ocp-apim-subscription-key', 'x-functions-key', 'aeg-sas-key'],
      ...['aeg-sas-token', 'x-client-ip', 'disguised-host', 'was-default-hostname', 'x-site-deployment-id'],
    ],
  },
  {
    by: 'Envoy, Istio, Linkerd',
    source: 'https://www.envoyproxy.io/docs/envoy/latest/configuration/http/http_conn_man/headers',
    names: [
      ...['x-forwarded-client-cert', 'x-envoy-external-address', 'x-envoy-peer-metadata', 'x-envoy-original-path'],
      ...['x-envoy-peer-metadata-id', 'x-envoy-attempt-count', 'x-request-id', 'x-jwt-payload', 'l5d-client-id'],
      ...['x-ext-authz-check-received', 'l5d-dst-canonical', 'x-b3-traceid', 'x-b3-spanid', 'x-b3-sampled', 'b3'],
    ],
  },
  {
    by: 'nginx and its ingress, HAProxy, Apache, Traefik, Caddy',
    source:
      'https://kubernetes.github.io/ingress-nginx/user-guide/nginx-configuration/annotations/#client-certificate-authentication',
    names: [
      ...['ssl-client-cert', 'ssl-client-verify', 'ssl-client-subject-dn', 'ssl-client-issuer-dn', 'x-ssl-cert'],
      ...['x-ssl-client-cert', 'x-ssl-client-verify', 'x-ssl-client-dn', 'x-ssl-client-cn', 'x-ssl-client-sha1'],
      ...['x-client-cert', 'client-cert', 'client-cert-chain', 'x-forwarded-tls-client-cert'],
      ...['x-forwarded-tls-client-cert-info', 'x-real-ip', 'x-original-url', 'x-original-uri', 'x-original-method'],
      ...['x-original-forwarded-for', 'x-auth-request-redirect', 'x-forwarded-for', 'x-forwarded-host'],
      ...['x-forwarded-proto', 'x-forwarded-port', 'x-forwarded-prefix', 'x-forwarded-server', 'x-forwarded-uri'],
      ...['x-forwarded-method', 'x-forwarded-scheme', 'x-scheme', 'forwarded', 'via', 'x-haproxy-server-state'],
    ],
  },
  {
    by: 'Kong, Tyk, Apigee, KrakenD and other API gateways',
    source: 'https://developer.konghq.com/plugins/key-auth/',
    names: [
      ...['x-consumer-id', 'x-consumer-custom-id', 'x-consumer-username', 'x-consumer-groups', 'apikey', 'api-key'],
      ...['x-credential-identifier', 'x-credential-username', 'x-anonymous-consumer', 'x-authenticated-scope'],
      ...['x-authenticated-userid', 'x-userinfo', 'x-id-token', 'x-access-token', 'x-kong-request-id', 'x-api-key'],
      ...['x-apigee-message-id', 'x-jwt-assertion', 'x-tyk-authorization', 'x-tyk-api-expires'],
    ],
  },
  {
    by: 'Akamai, Fastly, Imperva, Vercel, Fly.io, Heroku, Tailscale, Teleport',
    source: 'https://tailscale.com/kb/1312/serve#identity-headers',
    names: [
      ...['akamai-origin-hop', 'x-akamai-edgescape', 'x-akamai-config-log-detail', 'fastly-client-ip', 'fastly-ssl'],
      ...['fastly-ff', 'incap-client-ip', 'x-vercel-oidc-token', 'x-vercel-forwarded-for', 'x-vercel-ip-city'],
      ...['fly-client-ip', 'fly-forwarded-port', 'heroku-oauth-token', 'x-request-start', 'teleport-jwt-assertion'],
      ...['tailscale-user-login', 'tailscale-user-name', 'tailscale-user-profile-pic', 'x-cluster-client-ip'],
    ],
  },
  {
    by: 'tools with a shared secret in a header',
    source: 'https://docs.gitlab.com/user/project/integrations/webhooks/',
    names: [
      ...['authorization', 'cookie', 'set-cookie', 'proxy-authorization', 'x-gitlab-token', 'x-vault-token'],
      ...['x-consul-token', 'x-nomad-token', 'x-buildkite-token', 'x-honeycomb-webhook-token', 'x-auth-token'],
      ...['x-csrf-token', 'x-xsrf-token', 'private-token', 'x-figma-token', 'x-shopify-access-token', 'x-secret'],
      ...['x-webhook-secret', 'x-jenkins-token', 'dd-api-key', 'x-routing-key', 'x-pdaltagent-token', 'x-otx-api-key'],
    ],
  },
];
