/** A vendor's token format: a distinctive prefix, and what follows it. */
export interface TokenFormat {
  readonly vendor: string;
  readonly pattern: string;
}

/**
 * Formats as documented by the vendors for secret scanning, grouped by purpose.
 * A token must not be part of a longer run of token characters.
 */
export const CLOUD_KEYS: readonly TokenFormat[] = [
  { vendor: 'AWS', pattern: '(?:A3T[A-Z\\d]|AKIA|ASIA|ABIA|ACCA)[A-Z\\d]{16}' },
  { vendor: 'AWS Bedrock', pattern: 'ABSK[\\w+/-]{60,200}={0,2}' },
  { vendor: 'Google API', pattern: 'AIza[\\w-]{35}' },
  { vendor: 'Google OAuth client', pattern: 'GOCSPX-[\\w-]{28}' },
  { vendor: 'Google OAuth access', pattern: 'ya29\\.[\\w-]{20,400}' },
  { vendor: 'Google OAuth refresh', pattern: '1//0[\\w-]{40,100}' },
  { vendor: 'Azure AD', pattern: '[\\w~.]{3}\\dQ~[\\w~.-]{31,34}' },
  { vendor: 'DigitalOcean', pattern: 'do[oprt]_v1_[a-f\\d]{64}' },
  { vendor: 'Alibaba', pattern: 'LTAI[A-Za-z\\d]{16,30}' },
  { vendor: 'Tencent', pattern: 'AKID[A-Za-z\\d]{32}' },
  { vendor: 'Heroku', pattern: 'HRKU-[\\w-]{36,64}' },
  { vendor: 'Fly', pattern: 'fo1_[\\w-]{43}' },
  { vendor: 'Vault', pattern: 'hv[bsr]\\.[\\w-]{20,300}' },
  { vendor: 'Terraform', pattern: '[A-Za-z\\d]{14}\\.atlasv1\\.[\\w=-]{60,70}' },
  { vendor: 'Databricks', pattern: 'dapi[a-f\\d]{32}(?:-\\d)?' },
  { vendor: 'Doppler', pattern: 'dp\\.(?:pt|st|ct|sa|scim|audit)\\.(?:[\\w-]{2,35}\\.)?[A-Za-z\\d]{40,44}' },
  { vendor: 'Pulumi', pattern: 'pul-[a-f\\d]{40}' },
  { vendor: 'PlanetScale', pattern: 'pscale_(?:pw|tkn|oauth)_[\\w.-]{32,64}' },
  { vendor: 'Supabase', pattern: 'sb[pc]_[a-f\\d]{40}' },
  { vendor: 'Yandex', pattern: 'AQVN[\\w-]{35,38}' },
  { vendor: 'age', pattern: 'AGE-SECRET-KEY-1[QPZRY9X8GF2TVDW0S3JN54KHCE6MUA7L]{58}' },
];

export const CODE_TOKENS: readonly TokenFormat[] = [
  { vendor: 'GitHub', pattern: 'gh[pousr]_[A-Za-z\\d]{30,255}' },
  { vendor: 'GitHub fine-grained', pattern: 'github_pat_[A-Za-z\\d]{20,24}_[A-Za-z\\d]{50,70}|github_pat_\\w{36,90}' },
  {
    vendor: 'GitLab',
    pattern: 'gl(?:pat|dt|rt|ptt|soat|cbt|ft|imt|agent|oas|ffct|wt)-[\\w.=-]{20,300}|GR1348941[\\w-]{20}',
  },
  { vendor: 'Bitbucket', pattern: 'ATBB[A-Za-z\\d]{24,64}|BBDC-[\\w+/-]{40,50}' },
  { vendor: 'Atlassian', pattern: 'ATATT3[\\w=-]{50,300}|ATCTT3[\\w=-]{50,300}' },
  { vendor: 'npm', pattern: 'npm_[A-Za-z\\d]{36}' },
  { vendor: 'PyPI', pattern: 'pypi-AgE[\\w-]{50,1000}' },
  { vendor: 'RubyGems', pattern: 'rubygems_[a-f\\d]{48}' },
  { vendor: 'crates.io', pattern: 'cio[A-Za-z\\d]{32}' },
  { vendor: 'NuGet', pattern: 'oy2[a-z\\d]{43}' },
  { vendor: 'Docker Hub', pattern: 'dckr_(?:pat|oat)_[\\w-]{27,40}' },
  { vendor: 'Artifactory', pattern: 'AKCp[A-Za-z\\d]{69}|cmVmdGtu[A-Za-z\\d]{56}' },
  { vendor: 'Clojars', pattern: 'CLOJARS_[a-z\\d]{60}' },
  { vendor: 'Postman', pattern: 'PMAK-[a-f\\d]{24}-[a-f\\d]{34}' },
  { vendor: 'Sentry', pattern: 'sntr(?:ys_[\\w=+/-]{40,300}|yu_[a-f\\d]{64})' },
  { vendor: 'SonarQube', pattern: 'sq[pua]_[a-f\\d]{40}' },
  { vendor: 'CircleCI', pattern: 'CCIP(?:AT|RJ)_[\\w-]{30,90}' },
  { vendor: 'Buildkite', pattern: 'bkua_[a-f\\d]{40}' },
  { vendor: 'Sourcegraph', pattern: 'sgp_(?:(?:[a-f\\d]{16}|local)_)?[a-f\\d]{40}' },
  { vendor: 'Linear', pattern: 'lin_api_[A-Za-z\\d]{32,48}' },
  { vendor: 'Figma', pattern: 'fig[dpu]_[\\w-]{36,60}' },
];

export const CHAT_TOKENS: readonly TokenFormat[] = [
  { vendor: 'Slack', pattern: 'xox[abceoprs]-(?:\\d-)?[A-Za-z\\d-]{10,300}|xoxe\\.xox[bp]-\\d-[A-Za-z\\d]{100,200}' },
  { vendor: 'Slack app', pattern: 'xapp-\\d-[A-Z\\d]{5,20}-\\d{5,20}-[a-f\\d]{20,100}' },
  { vendor: 'Telegram', pattern: '\\d{8,10}:AA[\\w-]{32,34}' },
  { vendor: 'Discord', pattern: '[MNO][A-Za-z\\d_-]{23,27}\\.[\\w-]{6}\\.[\\w-]{27,40}' },
  { vendor: 'Microsoft Bot', pattern: 'AIO[\\w-]{60,90}' },
  { vendor: 'Facebook', pattern: 'EAA(?=[A-Z\\d]{0,40}[a-z])[A-Za-z\\d]{60,300}' },
  { vendor: 'Notion', pattern: 'ntn_[A-Za-z\\d]{40,50}|secret_[A-Za-z\\d]{43}' },
  { vendor: 'Airtable', pattern: 'pat[A-Za-z\\d]{14}\\.[a-f\\d]{64}' },
];

export const PAYMENT_AND_MAIL_TOKENS: readonly TokenFormat[] = [
  { vendor: 'Stripe', pattern: '[rs]k_(?:live|test|prod)_[A-Za-z\\d]{10,200}|whsec_[A-Za-z\\d+/]{24,100}={0,2}' },
  { vendor: 'Square', pattern: 'sq0(?:atp|csp)-[\\w-]{22,43}|EAAA[\\w-]{56,60}' },
  { vendor: 'Shopify', pattern: 'shp(?:at|ca|pa|ss)_[A-Fa-f\\d]{32}' },
  { vendor: 'Braintree', pattern: 'access_token\\$(?:production|sandbox)\\$[a-z\\d]{16}\\$[a-f\\d]{32}' },
  { vendor: 'Flutterwave', pattern: 'FLWSECK(?:_TEST)?-[a-z\\d]{12,40}(?:-X)?' },
  { vendor: 'SendGrid', pattern: 'SG\\.[\\w-]{16,32}\\.[\\w-]{16,64}' },
  { vendor: 'Mailgun', pattern: '(?:key|pubkey)-[a-f\\d]{32}' },
  { vendor: 'Mailchimp', pattern: '[a-f\\d]{32}-us\\d{1,2}' },
  { vendor: 'Brevo', pattern: 'xkeysib-[a-f\\d]{64}-[A-Za-z\\d]{16}' },
  { vendor: 'Twilio', pattern: 'SK[a-f\\d]{32}' },
  { vendor: 'EasyPost', pattern: 'EZ[AT]K[A-Za-z\\d]{54}' },
  { vendor: 'Shippo', pattern: 'shippo_(?:live|test)_[a-f\\d]{40}' },
  { vendor: 'Duffel', pattern: 'duffel_(?:live|test)_[\\w=-]{43}' },
  { vendor: 'Adyen', pattern: 'AQE[a-z]hm[\\w+/=.-]{60,200}' },
];

export const SERVICE_TOKENS: readonly TokenFormat[] = [
  { vendor: 'Anthropic', pattern: 'sk-ant-(?:api|admin|oat)\\d\\d-[\\w-]{60,200}' },
  {
    vendor: 'OpenAI',
    pattern:
      'sk-(?:proj|svcacct|admin|None)-[\\w-]{20,200}|sk-[A-Za-z\\d]{20}T3BlbkFJ[A-Za-z\\d]{20}|sk-[A-Za-z\\d]{48}',
  },
  { vendor: 'Hugging Face', pattern: 'hf_[A-Za-z]{30,40}|api_org_[A-Za-z]{34}' },
  { vendor: 'Replicate', pattern: 'r8_[A-Za-z\\d]{37}' },
  { vendor: 'Groq', pattern: 'gsk_[A-Za-z\\d]{40,60}' },
  {
    vendor: 'Grafana',
    pattern: 'glsa_[A-Za-z\\d]{32}_[a-f\\d]{8}|glc_[A-Za-z\\d+/]{32,400}={0,2}|eyJrIjoi[A-Za-z\\d]{60,400}={0,2}',
  },
  { vendor: 'New Relic', pattern: 'NR(?:AK|AL|II|IQ|RA|SP|JS)-[A-Za-z\\d_-]{19,64}|[a-f\\d]{36}NRAL' },
  { vendor: 'Dynatrace', pattern: 'dt0[a-z]\\d\\d\\.[A-Z\\d]{24}\\.[A-Z\\d]{64}' },
  { vendor: 'Tailscale', pattern: 'tskey-[a-z]{2,12}-[\\w-]{16,80}' },
  { vendor: 'HubSpot', pattern: 'pat-(?:na|eu)\\d-[a-f\\d]{8}-[a-f\\d]{4}-[a-f\\d]{4}-[a-f\\d]{4}-[a-f\\d]{12}' },
  { vendor: 'Contentful', pattern: 'CFPAT-[\\w-]{43}' },
  { vendor: '1Password', pattern: 'ops_eyJ[\\w-]{200,1500}={0,3}' },
  { vendor: 'Cloudflare origin CA', pattern: 'v1\\.0-[a-f\\d]{24}-[a-f\\d]{146}' },
  { vendor: 'Prefect', pattern: 'pn[ub]_[A-Za-z\\d]{36}' },
  { vendor: 'Rootly and Opsgenie kin', pattern: 'rootly_[a-f\\d]{64}' },
  { vendor: 'ReadMe', pattern: 'rdme_[a-z\\d]{70}' },
  { vendor: 'Typeform', pattern: 'tfp_[\\w.=-]{59}' },
  { vendor: 'OpenRouter', pattern: 'sk-or-v1-[a-f\\d]{64}' },
  { vendor: 'Perplexity', pattern: 'pplx-[A-Za-z\\d]{48}' },
  { vendor: 'xAI', pattern: 'xai-[A-Za-z\\d]{80}' },
  { vendor: 'Netlify', pattern: 'nfp_[A-Za-z\\d]{36,40}' },
  { vendor: 'OpenShift', pattern: 'sha256~[\\w-]{43}' },
  { vendor: 'Mapbox', pattern: 'sk\\.eyJ[\\w-]{40,100}\\.[\\w-]{22}' },
  { vendor: 'Dropbox', pattern: 'sl\\.(?:u\\.)?[\\w-]{130,1400}' },
  { vendor: 'Frame.io', pattern: 'fio-u-[\\w=-]{64}' },
  { vendor: 'Infracost', pattern: 'ico-[A-Za-z\\d]{32}' },
  { vendor: 'Adobe', pattern: 'p8e-[a-z\\d]{32}' },
  { vendor: 'Defined Networking', pattern: 'dnkey-[\\w-]{26}-[\\w-]{52}' },
];
