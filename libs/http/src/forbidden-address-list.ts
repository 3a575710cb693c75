/** Why nothing is sent to a range of addresses. */
type Reason = 'metadata' | 'link-local' | 'this host' | 'not unicast';

export interface ForbiddenRange {
  /** An address, or a network in CIDR notation. */
  readonly range: string;
  readonly reason: Reason;
  readonly of: string;
  readonly source: string;
}

const IANA_IPV4 = 'https://www.iana.org/assignments/iana-ipv4-special-registry';
const IANA_IPV6 = 'https://www.iana.org/assignments/iana-ipv6-special-registry';

/** Private networks and loopback are not on the list: most receivers of webhooks are there. */
export const FORBIDDEN_RANGES: readonly ForbiddenRange[] = [
  {
    range: '169.254.0.0/16',
    reason: 'link-local',
    of: 'metadata of AWS, Azure, Google Cloud, OpenStack, DigitalOcean, Hetzner, Tencent Cloud, Scaleway; credentials of AWS ECS and EKS',
    source: 'https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/instancedata-data-retrieval.html',
  },
  { range: 'fe80::/10', reason: 'link-local', of: 'metadata of OpenStack (fe80::a9fe:a9fe)', source: IANA_IPV6 },
  {
    range: 'fd00:ec2::/32',
    reason: 'metadata',
    of: 'AWS: instance metadata (::254), credentials of EKS pods (::23), DNS and time',
    source: 'https://docs.aws.amazon.com/eks/latest/userguide/pod-id-agent-setup.html',
  },
  {
    range: 'fd20:ce::254',
    reason: 'metadata',
    of: 'Google Cloud',
    source: 'https://cloud.google.com/compute/docs/metadata/querying-metadata',
  },
  {
    range: '168.63.129.16',
    reason: 'metadata',
    of: 'the wire server of Azure',
    source: 'https://learn.microsoft.com/azure/virtual-network/what-is-ip-address-168-63-129-16',
  },
  {
    range: '100.100.100.200',
    reason: 'metadata',
    of: 'Alibaba Cloud',
    source: 'https://www.alibabacloud.com/help/en/ecs/user-guide/view-instance-metadata',
  },
  {
    range: 'fd00:100::100:200',
    reason: 'metadata',
    of: 'Alibaba Cloud',
    source: 'https://www.alibabacloud.com/help/en/ecs/user-guide/view-instance-metadata',
  },
  {
    range: '192.0.0.192',
    reason: 'metadata',
    of: 'Oracle Cloud, classic',
    source:
      'https://docs.oracle.com/en/cloud/cloud-at-customer/occ-get-started/retrieve-predefined-instance-metadata.html',
  },
  {
    range: 'fd00:c1::a9fe:a9fe',
    reason: 'metadata',
    of: 'Oracle Cloud',
    source: 'https://github.com/oracle/oci-python-sdk/tree/master/src/oci/auth/signers',
  },
  {
    range: 'fd00:42::42',
    reason: 'metadata',
    of: 'Scaleway',
    source: 'https://www.scaleway.com/en/docs/instances/how-to/use-cloud-init/',
  },
  {
    range: 'fd00:a9fe:a9fe::1',
    reason: 'metadata',
    of: 'Akamai (Linode)',
    source: 'https://techdocs.akamai.com/cloud-computing/docs/metadata-service-api',
  },
  { range: '0.0.0.0/8', reason: 'this host', of: 'this host on this network', source: IANA_IPV4 },
  { range: '::', reason: 'this host', of: 'the unspecified address', source: IANA_IPV6 },
  { range: '224.0.0.0/4', reason: 'not unicast', of: 'multicast', source: IANA_IPV4 },
  { range: '240.0.0.0/4', reason: 'not unicast', of: 'reserved, and broadcast', source: IANA_IPV4 },
  { range: 'ff00::/8', reason: 'not unicast', of: 'multicast', source: IANA_IPV6 },
];

export interface ForbiddenName {
  /** In lower case; names below it are forbidden too, unless it is a single label. */
  readonly name: string;
  readonly of: string;
  readonly source: string;
}

const GOOGLE = 'https://cloud.google.com/compute/docs/metadata/querying-metadata';

/**
 * Names of metadata services. The sender checks the address that a name resolves to; through a proxy, which resolves
 * names itself, there is only the name.
 */
export const FORBIDDEN_NAMES: readonly ForbiddenName[] = [
  { name: 'metadata', of: 'Google Cloud, by its search domain', source: GOOGLE },
  { name: 'metadata.google.internal', of: 'Google Cloud', source: GOOGLE },
  { name: 'metadata.goog', of: 'Google Cloud', source: GOOGLE },
  {
    name: 'instance-data',
    of: 'AWS, by its search domain',
    source: 'https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/instancedata-data-retrieval.html',
  },
  {
    name: 'instance-data.ec2.internal',
    of: 'AWS',
    source: 'https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/instancedata-data-retrieval.html',
  },
  {
    name: 'metadata.azure.internal',
    of: 'Azure',
    source: 'https://learn.microsoft.com/azure/virtual-machines/instance-metadata-service',
  },
  {
    name: 'metadata.tencentyun.com',
    of: 'Tencent Cloud',
    source: 'https://www.tencentcloud.com/document/product/213/4934',
  },
  { name: 'api.metadata.cloud.ibm.com', of: 'IBM Cloud', source: 'https://cloud.ibm.com/apidocs/vpc-metadata' },
  {
    name: 'metadata.exoscale.com',
    of: 'Exoscale',
    source: 'https://community.exoscale.com/product/compute/instances/how-to/cloud-init/',
  },
  {
    name: 'metadata.packet.net',
    of: 'Equinix Metal',
    source: 'https://deploy.equinix.com/developers/docs/metal/server-metadata/metadata/',
  },
  {
    name: 'metadata.platformequinix.com',
    of: 'Equinix Metal',
    source: 'https://deploy.equinix.com/developers/docs/metal/server-metadata/metadata/',
  },
  {
    name: 'rancher-metadata',
    of: 'Rancher',
    source: 'https://rancher.com/docs/rancher/v1.6/en/rancher-services/metadata-service/',
  },
  {
    name: 'data-server',
    of: 'Apache CloudStack',
    source: 'https://docs.cloudstack.apache.org/en/latest/adminguide/virtual_machines/user-data.html',
  },
];
